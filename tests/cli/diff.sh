# SPDX-License-Identifier: Apache-2.0
# Layers from what changed: what build says of them, what is in them, and what cannot be. The store's
# layers are not compressed, so that tar lists them.
export SOURCE_DATE_EPOCH=1700000000
mkdir -p old/etc old/opt/app
echo one >old/etc/one
echo two >old/etc/two
echo three >old/opt/app/three
cp -a old new
echo changed >new/etc/one
chmod 600 new/etc/two
rm -r new/opt
echo four >new/four

# build REF OPTION...
build() {
    ref=$1
    shift
    try imgtool build --no-cache -t "$ref" --compression none --platform linux/amd64 "$@"
}

# top REF: the paths of its last layer.
top() {
    store=$HOME/.local/share/libimg/store
    tar -tf "$store/blobs/sha256/$(imgtool inspect "$1" |
        sed -n 's/^ *"Digest": "sha256:\(.*\)",/\1/p' | tail -1)" | tr '\n' ' '
    echo
}

echo "== a diff upon its old tree"
build diff --add old:/ --diff old new
top diff
imgtool inspect --config diff | grep -o 'add the changes of a tree'

echo "== name by name"
build names -v --add old:/ --diff old new

echo "== layers keep their order; what the base lacks is not removed"
build order --diff old new --add old/etc/two:/opt/ --diff old new
top order

echo "== another time alone"
touch -d @1600000000 old/etc/one new/etc/two
cp -a old touched
touch -d @1500000000 touched/etc/one
build times --add old:/ --diff old touched --diff old touched --ignore-mtime
build times --add old:/ --diff old touched

echo "== nothing"
build nothing --add old:/ --diff old old

echo "== what cannot be"
for last in --diff '--diff old' '--diff=old new' '--diff old missing' '--diff missing old' \
    '--diff old new/four' '--overlay upper:' '--overlay missing' '--overlay upper:missing'; do
    # shellcheck disable=SC2086 # words
    build x $last
done
build x --add old:/ --diff new old --remove /nothing

echo "== a link below that is a directory in the trees"
cp -a old linked
ln -s etc linked/link
mkdir -p one/link two/link
echo x >two/link/x
build x --add linked:/ --diff one two
build replaced --add linked:/ --diff linked two
top replaced
