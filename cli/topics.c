/* SPDX-License-Identifier: Apache-2.0
 *
 * What the help says on topics. The table of the exit statuses is the library's.
 */
#include "topics.h"

#include <stddef.h>

#include "text.h"

const char help_streams[] =
    "Results go to the standard output, and all else to the standard error: progress,\n"
    "warnings, errors. With --format json a result is one JSON document, and an error is\n"
    "followed by a line of JSON.\n"
    "\n"
    "The options of a command, with an example: imgtool COMMAND --help.\n";

const char help_namesakes[] =
    "There are two other programs called imgtool: that of MCUboot signs firmware, and that\n"
    "of MAME reads disk images. 'imgtool --version' says which one this is. Build systems\n"
    "find this one, whatever it is called, as libimg::imgtool in CMake and by\n"
    "'pkg-config --variable=imgtool libimg'.\n";

static const struct {
    const char *name;
    const char *summary;
} summaries[] = {
    {"exit-codes", "what the exit status says"},
    {"registry-options", "options of all commands that talk to a registry"},
    {"references", "names of images"},
    {"places", "where images are copied from and to"},
    {"outputs", "what a build writes besides the store"},
    {"depfiles", "what a build read, for make and ninja"},
    {"registries", "mirrors, certificates and other settings of registries"},
    {"compat", "layers that tools read differently"},
    {"environment", "environment variables"},
    {"reproducibility", "what the digest of an image depends on"},
};

const char *topic_summary(const struct topic *topic)
{
    for (size_t i = 0; i < sizeof(summaries) / sizeof(summaries[0]); i++)
        if (text_is(summaries[i].name, topic->name))
            return summaries[i].summary;
    return topic->name;
}

const struct topic topics[] = {
    {"exit-codes", NULL, help_print_exit_statuses},
    {"registry-options", NULL, help_print_registry_options},
    {"references",
     "A reference names an image: [DOMAIN/]PATH[:TAG][@DIGEST].\n"
     "\n"
     "  debian                  docker.io/library/debian:latest\n"
     "  ci/app:1.2              docker.io/ci/app:1.2\n"
     "  localhost:5000/app      localhost:5000/app:latest\n"
     "  debian@sha256:...       the image with this digest, whatever its tags are\n"
     "\n"
     "The first part is a domain if it has a dot, a port or capital letters, or is\n"
     "localhost. Without a domain it is Docker Hub; without tag and digest, the tag is\n"
     "latest. Only a digest always means the same image.\n"
     "\n"
     "Other tools find an image in the store under its whole name:\n"
     "\n"
     "  skopeo inspect oci:STORE:docker.io/library/debian:latest\n",
     NULL},
    {"places",
     "Where images are copied from and to:\n"
     "\n"
     "  docker://REF               a registry; REF alone too\n"
     "  store:REF                  the store\n"
     "  oci:DIR[:REF]              an OCI image layout, made if it is not there\n"
     "  oci-archive:FILE[:REF]     a tar of one\n"
     "  docker-archive:FILE[:REF]  what docker save writes and docker load reads\n"
     "  -                          stdin: either archive; stdout: an oci-archive\n"
     "\n"
     "FILE may be - too. A colon that belongs to a path is written \\:. In layouts and\n"
     "archives REF is the name as it stands there, and need not be a reference.\n"
     "Without it, what is read has to be the only image there, and what is written is\n"
     "called like the tag of what was read, or else latest.\n"
     "\n"
     "  imgtool copy localhost:5000/app:1 docker-archive:- | docker load\n"
     "\n"
     "Within a registry no layer passes through this machine, and between registries\n"
     "none is stored on it.\n",
     NULL},
    {"outputs",
     "What 'imgtool build -o' writes, any number of times:\n"
     "\n"
     "  oci:DIR[:TAG]              an OCI image layout; other tags in it stay\n"
     "  oci-archive:FILE[:REF]     a tar of one\n"
     "  docker-archive:FILE[:REF]  what docker load reads\n"
     "  rootfs:DIR                 the files, as unpack does; DIR must be new or empty\n"
     "  -                          the standard output, as docker-archive:- does\n"
     "\n"
     "Of several platforms - is an oci-archive, and in rootfs:DIR there is a directory for\n"
     "each, as linux_arm64; a docker-archive has room for one alone.\n"
     "\n"
     "Without TAG the tags of all -t names are set, or latest; without REF the archive has\n"
     "those names, or none. The image is in the store either way; without -t the next\n"
     "prune takes it away there.\n"
     "\n"
     "All places are looked at before anything is built, and each is written whole or not\n"
     "at all. A layout or an archive that has the image already stays untouched. A layout\n"
     "keeps the layers of images that it had: 'imgtool --store DIR prune' removes them.\n"
     "\n"
     "  imgtool build --add ./out:/ -o - | docker load\n"
     "\n"
     "docker's forms are read too: type=oci,dest=FILE and type=docker,dest=FILE for the\n"
     "archives, type=oci,tar=false,dest=DIR for the layout, type=local,dest=DIR for\n"
     "rootfs:DIR, type=tar,dest=FILE for a tar of the files, type=registry for --push.\n",
     NULL},
    {"registries",
     "An image may be read elsewhere than at the registry that its name says. What is\n"
     "pushed goes there and nowhere else, and images keep their names.\n"
     "\n"
     "registries.conf, as containers-registries.conf(5) describes it, is the file of\n"
     "--registries-conf or $CONTAINERS_REGISTRIES_CONF alone, else the first of\n"
     "~/.config/containers/registries.conf and /etc/containers/registries.conf, and the\n"
     "drop-ins in registries.conf.d. The longest prefix decides:\n"
     "\n"
     "  [[registry]]\n"
     "  prefix = \"docker.io\"\n"
     "  location = \"docker.io\"\n"
     "  [[registry.mirror]]\n"
     "  location = \"mirror.example:5000/hub\"\n"
     "\n"
     "Mirrors are asked in their order, then the registry. What a mirror lacks, or gives\n"
     "wrong, is fetched from the next place, blob by blob; one that failed comes last for\n"
     "a minute. A tag is asked once, and all that follows is fetched by digest. A mirror\n"
     "that is digest-only is asked for blobs by tag too, but never what a tag means.\n"
     "'insecure' there means TLS that is not verified, or plain HTTP where there is none.\n"
     "A prefix without a port is about the default port alone.\n"
     "\n"
     "A name without a domain is Docker Hub's, everywhere and for every command: 'aliases'\n"
     "and 'unqualified-search-registries' are read, but not applied.\n"
     "\n"
     "For names that registries.conf has no table for, containerd's hosts.toml counts: in\n"
     "/etc/containerd/certs.d/HOST[:PORT], or below --hosts-dir. Its hosts are told by ns=\n"
     "whose images are meant, and get the headers that stand there.\n"
     "\n"
     "Certificates for one registry are in ~/.config/containers/certs.d/HOST[:PORT], else\n"
     "/etc/containers/certs.d, else /etc/docker/certs.d, or below --cert-dir: *.crt are\n"
     "authorities, added to the others; NAME.cert with NAME.key is a client certificate.\n"
     "\n"
     "--insecure HOST does not check a certificate, --plain-http HOST does without TLS.\n"
     "Each of them, and each certificate, is for that host alone, and not for mirrors,\n"
     "token services or redirects. Credentials are found for a mirror by its own name.\n"
     "\n"
     "'imgtool doctor IMAGE' tells which of all this counts for an image, and asks.\n",
     NULL},
    {"compat",
     "Layers that tools read differently are refused. --compat WORD, any number of\n"
     "times, accepts what others do:\n"
     "\n"
     "  duplicates    a path twice in one layer: the last one counts, as with umoci\n"
     "                and GNU tar\n"
     "  trailing      bytes behind the end of the tar, or behind the last gzip member\n"
     "                or zstd frame: they are ignored, though the digests cover them,\n"
     "                as with docker\n"
     "  sniff         a layer that is not compressed as its media type says: the bytes\n"
     "                count, as with podman\n"
     "  single-zero   entries behind a single block of zeros, where GNU tar stops:\n"
     "                they count\n",
     NULL},
    {"environment",
     "  IMGTOOL_STORE           the store, without --store\n"
     "  XDG_DATA_HOME           the store is libimg/store in it, without the above\n"
     "  IMGTOOL_PROGRESS        the mode of the display, where --progress is auto\n"
     "  CI                      if set, --progress is plain where it is auto\n"
     "  REGISTRY_AUTH_FILE      the file with credentials, without --authfile\n"
     "  DOCKER_AUTH_CONFIG, DOCKER_CONFIG, XDG_RUNTIME_DIR\n"
     "                          more places of credentials: imgtool help auth\n"
     "  SOURCE_DATE_EPOCH       no time in a built image is later than this (seconds\n"
     "                          since 1970)\n"
     "  CONTAINERS_REGISTRIES_CONF\n"
     "                          registries.conf, without --registries-conf\n"
     "  XDG_CONFIG_HOME         it has containers/registries.conf, containers/certs.d\n"
     "                          and containers/auth.json\n"
     "                          (default ~/.config)\n"
     "  SSL_CERT_FILE           certificate authorities, without --ca-file\n"
     "  SSL_CERT_DIR            the same, a directory\n"
     "  HTTPS_PROXY, HTTP_PROXY, NO_PROXY, ALL_PROXY\n"
     "                          proxies, in capital letters or small ones. NO_PROXY\n"
     "                          takes names (with all beneath them), addresses and\n"
     "                          ranges like 10.0.0.0/8, with or without :PORT, and *\n",
     NULL},
    {"reproducibility",
     "The same files, with the same names, types, modes, owners, times and\n"
     "attributes, and the same options give the same image: whoever builds it,\n"
     "where, when, with what umask and locale, and on how many threads. Times are\n"
     "kept in whole seconds; what must not depend on when files were made has\n"
     "SOURCE_DATE_EPOCH or --mtime set.\n"
     "\n"
     "A layer has two digests. The diffID, which is that of the uncompressed tar and\n"
     "which the config holds, never changes with a version of libimg. The digest of\n"
     "the compressed layer, and with it that of the manifest, changes with\n"
     "\n"
     "  the option --compression, word and level;\n"
     "  the layer format, a number that says how a tar is cut into pieces which are\n"
     "  compressed by themselves, and by what settings;\n"
     "  the version of the library that compresses: libdeflate for gzip, libzstd for\n"
     "    zstd.\n"
     "\n"
     "'imgtool version --verbose' prints these. eStargz puts its table of contents\n"
     "into the tar, so that there the diffID follows the same rule as the compressed\n"
     "layer.\n"
     "\n"
     "The store remembers of what files it made a layer. If nothing of them changed,\n"
     "by all that a stat tells, they are not read, and the layer is taken as it is:\n"
     "'-v' says so. 'build --no-cache' reads them, and comes to the same digest.\n",
     NULL},
    {"depfiles",
     "imgtool build --depfile FILE writes a rule that tells make and ninja when the image\n"
     "is to be built again. Its target is what --depfile-target names, else the first file\n"
     "of --digestfile, --iidfile, --metadata-file and -o. Behind it stand all files that\n"
     "were read and all directories that were walked, so that an edit is seen, and also\n"
     "what comes, goes or is renamed. What is left out by rules, the standard input, the\n"
     "store and registries are not there. Names are relative if those given are.\n"
     "\n"
     "With ninja:\n"
     "\n"
     "  rule image\n"
     "    command = imgtool build --add src:/srv --digestfile $out --depfile $out.d\n"
     "    depfile = $out.d\n"
     "    deps = gcc\n"
     "    restat = 1\n"
     "  build app.digest: image\n"
     "\n"
     "With make, which needs a file besides that is new after each build, and without -r\n"
     "tries its built-in rules on each file, which takes seconds if there are thousands:\n"
     "\n"
     "  MAKEFLAGS += -r\n"
     "  app.digest: app.built ;\n"
     "  app.built:\n"
     "          imgtool build --add src:/srv --digestfile app.digest \\\n"
     "              --depfile app.d --depfile-target $@\n"
     "          touch $@\n"
     "  -include app.d\n"
     "\n"
     "Files with results stay untouched if they come out the same, and then nothing that\n"
     "depends on app.digest is made again. A build that fails writes none of them. They\n"
     "should not lie in a directory that is added: that changes when they are written.\n"
     "\n"
     "Some names mean something else to make or ninja: those with one of ; * ? | & < >,\n"
     "with quotes or control characters, with most uses of a backslash, with ':', ')' or a\n"
     "blank at the end, or with more than 60 parts. Their directories stand for them, with\n"
     "a warning, and an edit of such a file alone is not seen. make stops when a file is\n"
     "gone that has a '=' in its name, or a '%' first or last: then remove the depfile.\n",
     NULL},
    {NULL, NULL, NULL},
};
