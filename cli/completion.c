/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool completion: the scripts that make shells complete its command lines. They only carry
 * words to and from "imgtool __complete", which knows what there is (complete.h).
 */
#include "command.h"
#include "fail.h"
#include "name.h"
#include "text.h"

/* bash takes a word apart at = : @ where these are in COMP_WORDBREAKS, and replaces what is behind
 * the last of them; so the line is taken apart here, and what bash keeps is cut off the answers. */
static const char bash_script[] =
    "# bash completion for imgtool                            -*- shell-script -*-\n"
    "_imgtool() {\n"
    "    local IFS=$' \\t\\n' line=${COMP_LINE:0:COMP_POINT} rest=:none answer word kept sign\n"
    "    local -a words\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line == *[[:blank:]] ]] && words+=('')\n"
    "    word=${words[${#words[@]} - 1]}\n"
    "    kept=$word\n"
    "    for sign in : = @; do\n"
    "        [[ $COMP_WORDBREAKS == *$sign* ]] && kept=${kept##*$sign}\n"
    "    done\n"
    "    kept=${word%\"$kept\"}\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r answer; do\n"
    "        case $answer in\n"
    "        :*) rest=$answer ;;\n"
    "        *) answer=${answer%%$'\\t'*} COMPREPLY+=(\"${answer#\"$kept\"}\") ;;\n"
    "        esac\n"
    "    done < <(\"${words[0]/#\\~/$HOME}\" __complete \"${words[@]:1}\" 2>/dev/null)\n"
    "    case $rest in\n"
    "    :files) compopt -o default ;;\n"
    "    :dirs) compopt -o dirnames ;;\n"
    "    esac\n"
    "    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:/=] ]] && compopt -o nospace\n"
    "    return 0\n"
    "}\n"
    "complete -F _imgtool imgtool\n";

static const char zsh_script[] =
    "#compdef imgtool\n"
    "_imgtool() {\n"
    "    local rest=:none answer\n"
    "    local -a answers open closed\n"
    "    answers=(\"${(@f)$(\"${(Q)words[1]/#\\~/$HOME}\" __complete \\\n"
    "        \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
    "    for answer in \"${answers[@]}\"; do\n"
    "        case $answer in\n"
    "        :*) rest=$answer ;;\n"
    "        *[:/=]) open+=(\"${answer//:/\\\\:}\") ;;\n"
    "        *$'\\t'*)\n"
    "            if [[ ${answer%%$'\\t'*} == *[:/=] ]]; then\n"
    "                open+=(\"${${answer%%$'\\t'*}//:/\\\\:}:${answer#*$'\\t'}\")\n"
    "            else\n"
    "                closed+=(\"${${answer%%$'\\t'*}//:/\\\\:}:${answer#*$'\\t'}\")\n"
    "            fi\n"
    "            ;;\n"
    "        *) closed+=(\"${answer//:/\\\\:}\") ;;\n"
    "        esac\n"
    "    done\n"
    "    case $rest in\n"
    "    :files) _files ;;\n"
    "    :dirs) _files -/ ;;\n"
    "    esac\n"
    "    (( $#open )) && _describe -t words 'imgtool' open -S ''\n"
    "    (( $#closed )) && _describe -t words 'imgtool' closed\n"
    "}\n"
    "# The file is this function when zsh loads it by itself, and a script when it is sourced.\n"
    "if [[ ${funcstack[1]} == _imgtool ]]; then\n"
    "    _imgtool \"$@\"\n"
    "else\n"
    "    compdef _imgtool imgtool\n"
    "fi\n";

static const char fish_script[] =
    "# fish completion for imgtool\n"
    "function __complete_imgtool\n"
    "    set -l words (commandline -opc) (commandline -ct)\n"
    "    set -l answers ($words[1] __complete $words[2..-1] 2>/dev/null)\n"
    "    for answer in $answers\n"
    "        switch $answer\n"
    "            case :files\n"
    "                __fish_complete_path $words[-1]\n"
    "            case :dirs\n"
    "                __fish_complete_directories $words[-1] ''\n"
    "            case ':*'\n"
    "            case '*'\n"
    "                echo $answer\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c imgtool -f -a '(__complete_imgtool)'\n";

static const struct {
    const char *shell;
    const char *script;
} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

static int completion_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    (void)cli;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        if (text_is(args->operands[0], scripts[i].shell)) {
            name_print_script(stdout, scripts[i].script);
            return 0;
        }
    }
    return cli_fail(err, IMG_EINVAL, "there are completions for bash, zsh and fish, not for '%s'",
                    args->operands[0]);
}

const struct command command_completion = {
    .name = "completion",
    .synopsis = "bash|zsh|fish",
    .summary = "Print the script that completes command lines in a shell",
    .example = "  source <(imgtool completion bash)",
    .notes = "An installed imgtool has these scripts where the shells look for them. Names of\n"
             "images come from the store; a registry is never asked.\n"
             "\n"
             "  imgtool completion zsh >~/.zfunc/_" LIBIMG_TOOL_NAME "   # with ~/.zfunc in fpath\n"
             "  imgtool completion fish >~/.config/fish/completions/" LIBIMG_TOOL_NAME ".fish",
    .min_operands = 1,
    .max_operands = 1,
    .run = completion_run,
};
