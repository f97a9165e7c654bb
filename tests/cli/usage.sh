# SPDX-License-Identifier: Apache-2.0
# Wrong usage: status 2, nothing on stdout, the reason and the usage on stderr.
echo "== imgtool"
try imgtool
try imgtool --bogus images
try imgtool --stroe x images
try imgtool -t app build
try imgtool --help=yes
try imgtool --store
try imgtool images --progress fancy
try imgtool --format xml images
try imgtool --format '{{.Digest}}' images
IMGTOOL_PROGRESS=fancy try imgtool images

echo "== commands"
try imgtool bulid
try imgtool rmi x
try imgtool nothinglikeit
try imgtool sign --key k.pem in out
try imgtool identify disk.img
for word in getpubhash verify dumpinfo dir listdriveroptions writesector create; do
    imgtool $word x 2>&1 | grep -e "'$word' is a command of"
done
try imgtool help nothinglikeit
try imgtool help build push
try imgtool help index creat
try imgtool version 1

echo "== build"
try imgtool build -t
try imgtool build extra
try imgtool build --comprssion gzip
try imgtool build --add app
try imgtool build --add app:relative
try imgtool build --add app:/a:mode=9
try imgtool build --compression xz
try imgtool build --compression gzip:13
try imgtool build --compression zstd:smal
try imgtool build --threads 0
try imgtool build --threads many
try imgtool build --compression none:1
try imgtool build --entrypoint '["a"'
try imgtool build --push
try imgtool build --jobs many
try imgtool pull a --jobs 65
try imgtool pull a --retry -1
try imgtool pull a --retry 100
try imgtool pull a --stall-timeout 0
try imgtool build --platform ''
try imgtool build -t 'UPPER'

echo "== habits"
try imgtool pull --tls-verify=false a
try imgtool pull -q a
try imgtool pull -a a
try imgtool pull --insecure localhost:5000/a
try imgtool pull docker://a
try imgtool ls docker://a
try imgtool index create oci:a:1 b
try imgtool copy --all a b
try imgtool copy -a a b
try imgtool copy --src-creds me:word a b
try imgtool copy --retry-times 3 a b
try imgtool load --quiet -i a.tar
try imgtool list-tags a
try imgtool build -t a:1 -f Dockerfile .
try imgtool build -o type=image,name=a:1,push=true
try imgtool mutate a --push
try imgtool append a --push

echo "== tag push pull inspect rm login logout"
try imgtool tag
try imgtool tag a
try imgtool push
try imgtool push a b c
try imgtool pull
try imgtool pull a b
try imgtool pull a --platform '?'
try imgtool pull 'not/a reference'
try imgtool images a
try imgtool inspect
try imgtool inspect a b
try imgtool rm
try imgtool login
try imgtool login localhost:1
try imgtool login localhost:1 --username u
try imgtool login localhost:1 --password-stdin
try imgtool login localhost:1 -u u -p p --password-stdin
try imgtool login localhost:1 -u u --password-stdin
try imgtool logout

echo "== ls catalog digest manifest referrers attach delete"
try imgtool ls
try imgtool ls a --limit 0
try imgtool ls a --page-size many
try imgtool ls 'not/a reference'
try imgtool catalog
try imgtool catalog 'no host'
try imgtool digest
try imgtool digest a --platform '?'
try imgtool manifest a b
try imgtool referrers
try imgtool attach localhost:1/a:1
try imgtool attach --artifact-type a/b
try imgtool delete
try imgtool delete localhost:1/a
try imgtool delete localhost:1/a --digest
try imgtool delete localhost:1/a:1 --blob
try imgtool delete localhost:1/a:1 --blob --digest
try imgtool images --limit 5

echo "== what looks like something else"
try imgtool ls localhost:5000
try imgtool ls registry.example:5000
try imgtool copy a app.tar
try imgtool copy docker.io/ci/app.tar b
try imgtool copy oci-archive:none.tar docker-archive:b.tar
try imgtool build --platform foo
try imgtool build --depfile app.d
try imgtool build --depfile-target app

echo "== the command line is right, what it names is not"
mkdir wrong && touch wrong/.wh.file
try imgtool build --store wrong-store --add wrong:/
rm -r wrong wrong-store

echo "== mutate"
try imgtool mutate
try imgtool mutate a b
try imgtool mutate a --exposed-ports 80
try imgtool mutate a --unsetlabel x
try imgtool mutate a -o out.tar
try imgtool mutate a --platform ''
try imgtool mutate docker-daemon://a -l a=b
try imgtool mutate docker://UPPER -l a=b

echo "== append, rebase, flatten"
try imgtool append a
try imgtool append a -f layer.tar
try imgtool append --base a --add b:/b
try imgtool append a --add b:relative
try imgtool rebase
try imgtool rebase a --rebased b
try imgtool flatten a --compression xz

echo "== as JSON, too"
try imgtool --format json tag a
try imgtool tag a --bogus --format=json

echo "== nothing was left behind"
find . -mindepth 1
