# SPDX-License-Identifier: Apache-2.0
# What is offered where a line is being typed: by imgtool itself, and by three shells that ask it.
touch file.tar
mkdir folder layout
imgtool build -q -t localhost:5000/team/app:1 -t debian:12 >/dev/null

echo "== imgtool"
asked() {
    echo "$*>"
    imgtool __complete "$@" | cut -f 1 | sort | tr '\n' ' '
    echo
}
asked bu
asked --progress ''
asked build --compression z
asked build --compression=z
asked -v build --from ''
asked build --diff one ''
asked build --diff one two ''
asked build -t de
asked build --workdir ''
asked push docker
asked push docker.
asked cat debian:12 ''
asked rm one two l
asked unpack debian:12 ''
asked unpack --onto -- debian:12 -
asked save --format ''
asked auth ''
asked completion ''
asked copy ''
asked copy store:d
asked copy --platform all debian:12 oci:f
asked copy a oci-archive:f
asked build --from oci:f
asked build --from deb
asked build -o r
asked build -o rootfs:f
asked mutate deb
asked help env
asked --store nowhere rm ''
asked nothinglikeit ''
asked login --username ''
asked build --iidfile=f
imgtool help --format json | python3 -c '
import json, subprocess, sys
table = json.load(sys.stdin)
def asked(*words):
    out = subprocess.run(["imgtool", "__complete", *words], stdout=subprocess.PIPE, text=True).stdout
    return [line.split("\t")[0] for line in out.splitlines()]
if sorted(asked("")[:-1]) != sorted(c["name"] for c in table["commands"]): print("commands differ")
for command in table["commands"]:
    options = ["--" + o["name"] for o in command["options"] + table["options"]]
    if sorted(asked(command["name"], "--")[:-1]) != sorted(options):
        print("the options differ of", command["name"])
'

echo "== bash"
imgtool completion bash >completion.bash
cat >ask.bash <<'END'
. /usr/share/bash-completion/bash_completion
. ./completion.bash
ask() {
    COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
    compopt() { echo "compopt $*"; }
    echo "$1>"
    _imgtool
    printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
    echo
}
complete -p imgtool
ask 'imgtool bu'
ask 'imgtool build --compression zstd:'
ask 'imgtool build --compression=zs'
ask 'imgtool rm localhost:5000/te'
ask 'imgtool copy store:deb'
ask 'imgtool copy do'
ask 'imgtool unpack debian:12 '
ask 'imgtool build --layer '
END
bash ask.bash

echo "== zsh"
imgtool completion zsh >_imgtool
zsh -n _imgtool
cat >ask.zsh <<'END'
# A shell in a terminal; its key ^T writes the line as it stands into a file.
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell "fpath=($PWD \$fpath); autoload -Uz compinit; compinit -u -d $PWD/dump"
zpty -w shell 'tell() { print -r -- "$BUFFER" >told; mv told answer }'
zpty -w shell "zle -N tell; bindkey '^T' tell; bindkey '^I' complete-word"
ask() {
    local seen
    zpty -n -w shell $'\x15'"$1"$'\t\x14'
    while [[ ! -e answer ]]; do
        zpty -r -t shell seen || sleep 0.02
    done
    echo "$1> $(<answer)|"
    rm answer
}
ask 'imgtool bui'
ask 'imgtool build --compression zstd:'
ask 'imgtool build --compression=est'
ask 'imgtool rm localhost:5'
ask 'imgtool copy store:deb'
ask 'imgtool copy docker:'
ask 'imgtool unpack debian:12 fol'
ask 'imgtool build --layer file.t'
zpty -d shell
END
timeout 30 zsh -f ask.zsh

echo "== fish"
mkdir -p .config/fish/completions
imgtool completion fish >.config/fish/completions/imgtool.fish
cat >ask.fish <<'END'
for line in 'imgtool bu' 'imgtool build --compression zst' 'imgtool rm localhost:5' \
    'imgtool copy store:' 'imgtool unpack debian:12 fol' 'imgtool build --layer fil'
    echo "$line>"
    complete -C $line
end
END
fish ask.fish
