# SPDX-License-Identifier: Apache-2.0
#
# awk -v out=DIR -v date=DATE -v version=VERSION -f headers.awk HEADER... EXAMPLE.c...
#
# Makes the manual pages of the library, section 3, from the public headers. Functions that are
# declared without an empty line between them share a page, which is called like the first of them;
# the others are links to it. A header has a page too, libimg_NAME, with its constants and structs.
# Options structs and callbacks are described where a function takes them. The first sentence of a
# comment says what a function does. An example is the first function of the example files that calls
# what the page is about.
#
# Headers are read as this project writes them: see tests/checks/pages.py, which fails where they are
# written in another way.

# --- reading ---------------------------------------------------------------------------------------

FNR == 1 {
    file = FILENAME
    sub(/.*\//, "", file)
    is_header = file ~ /\.h$/
    if (is_header) {
        header = substr(file, 1, length(file) - 2)
        headers[++header_count] = header
        in_comment = first_comment_seen = 0
        pending = struct = decl = ""
    } else {
        body = ""
    }
}

is_header { read_header_line($0); next }
{ read_example_line($0) }

# Text of a comment line, without what marks it as one.
function bare(line)
{
    sub(/^[ ]*\/\*[ ]?/, "", line)
    sub(/[ ]*\*\/[ ]*$/, "", line)
    sub(/^[ ]+\*[ ]?/, "", line)
    return line
}

function read_header_line(line)
{
    if (in_comment) {
        comment = comment "\n" (in_struct || trailing ? trim(bare(line)) : bare(line))
        if (line ~ /\*\/[ ]*$/) {
            in_comment = 0
            end_comment()
        }
    } else if (in_struct) {
        read_member_line(line)
    } else if (decl != "") {
        decl = decl " " trim(line)
        end_declaration()
    } else if (line ~ /^\/\*/) {
        begin_comment(line)
    } else if (line == "") {
        paragraph++
        pending = ""
    } else if (line ~ /^#define IMG_[A-Z0-9_]+ / && line !~ /^#define IMG_API |_INIT /) {
        read_constant(line)
    } else if (line ~ /^typedef struct .*\{$/) {
        split(line, words, " ")
        add_item("struct", words[3], line)
        in_struct = 1
    } else if (line ~ /^(typedef|IMG_API) /) {
        decl = trim(line)
        end_declaration()
    }
}

function trim(text)
{
    sub(/^[ ]+/, "", text)
    sub(/[ ]+$/, "", text)
    return text
}

function begin_comment(line)
{
    trailing = 0
    comment = bare(line)
    if (line ~ /\*\/[ ]*$/)
        end_comment()
    else
        in_comment = 1
}

# A trailing comment is about what stands before it, another one about what follows.
function end_comment()
{
    if (trailing) {
        if (in_struct)
            member_text[items, members[items]] = comment
        else
            text[items] = comment
        trailing = 0
    } else if (!first_comment_seen) {
        first_comment_seen = 1
        sub(/^SPDX[^\n]*\n+/, "", comment)
        header_text[header] = comment
    } else {
        pending = comment
        if (in_struct)
            member_pending = comment
    }
}

function add_item(kind, name, declaration)
{
    items++
    item_kind[items] = kind
    item_name[items] = name
    item_decl[items] = declaration
    item_header[items] = header
    item_paragraph[items] = paragraph
    text[items] = pending
    pending = ""
    members[items] = 0
    by_name[name] = items
}

# Cuts a comment off the end of a line; it may go on in the next ones.
function cut_comment(line, at)
{
    at = index(line, "/*")
    if (!at)
        return line
    trailing = 1
    comment = trim(bare(substr(line, at)))
    if (line ~ /\*\/[ ]*$/)
        closes = 1
    else
        in_comment = 1
    return trim(substr(line, 1, at - 1))
}

function read_constant(line, name, value)
{
    closes = 0
    line = cut_comment(line)
    split(line, words, " ")
    name = words[2]
    value = line
    sub(/^#define [A-Z0-9_]+ /, "", value)
    # A comment before the first of several is about all of them.
    lead = pending
    pending = ""
    add_item("constant", name, value)
    constant_lead[items] = lead
    if (closes)
        end_comment()
}

function read_member_line(line, done)
{
    if (line ~ /^\}/) {
        in_struct = 0
        return
    }
    if (line ~ /^[ ]*\/\*/ && member_decl == "") {
        begin_comment(line)
        return
    }
    closes = 0
    line = cut_comment(trim(line))
    member_decl = member_decl (member_decl == "" ? "" : " ") line
    if (line !~ /;$/)
        return
    members[items]++
    member[items, members[items]] = substr(member_decl, 1, length(member_decl) - 1)
    member_text[items, members[items]] = member_pending
    member_pending = ""
    member_decl = ""
    if (closes)
        end_comment()
}

function end_declaration(name)
{
    if (decl !~ /;$/)
        return
    if (decl ~ /^IMG_API /) {
        sub(/^IMG_API /, "", decl)
        name = substr(decl, 1, index(decl, "(") - 1)
        sub(/.*[ *]/, "", name)
        add_item("function", name, decl)
    } else if (decl ~ /\(\*/) {
        name = substr(decl, index(decl, "(*") + 2)
        sub(/\).*/, "", name)
        add_item("callback", name, decl)
    } else {
        name = decl
        sub(/;$/, "", name)
        sub(/.* /, "", name)
        add_item("handle", name, decl)
    }
    decl = ""
}

# Functions begin at the left and end with a brace there.
function read_example_line(line)
{
    if (line ~ /^[a-z].*[(].*[^;]$/ || (body != "" && line != "}")) {
        body = body line "\n"
    } else if (line == "}" && body != "") {
        examples++
        example[examples] = body line "\n"
        example_file[examples] = file
        body = ""
    }
}

# --- writing ---------------------------------------------------------------------------------------

function escape(s)
{
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    gsub(/'/, "\\(aq", s)
    gsub(/"/, "\\(dq", s)
    gsub(/`/, "\\(ga", s)
    gsub(/\^/, "\\(ha", s)
    gsub(/~/, "\\(ti", s)
    return s
}

function put(s)
{
    print s >page
}

function put_line(s)
{
    put((s ~ /^\./ ? "\\\\&" : "") escape(s))
}

function begin_page(name, summary)
{
    page = out "/" name ".3"
    put(".TH \"" toupper(name) "\" \"3\" \"" date "\" \"libimg " version "\" \"libimg manual\"")
    put(".nh\n.ad l\n.SH \"NAME\"")
}

function put_link(name, target)
{
    page = out "/" name ".3"
    put(".so man3/" target ".3")
    close(page)
    linked[name] = target
}

# Paragraphs, lists of "- ", and lines that begin with blanks, which stay as they are. first: the
# first paragraph stands below a heading.
function put_text(s, first, n, i, lines, literal, listed)
{
    n = split(s, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (lines[i] == "") {
            if (literal)
                put(".fi\n.RE")
            if (!first && i < n && lines[i + 1] !~ /^- /)
                put(literal && lines[i + 1] ~ /^  / ? ".PP" : ".PP")
            literal = listed = 0
            first = 0
            continue
        }
        if (lines[i] ~ /^- /) {
            put(".IP \\(bu 2")
            sub(/^- /, "", lines[i])
            listed = 1
        } else if (lines[i] ~ /^  / && listed) {
            sub(/^ +/, "", lines[i])
        } else if (lines[i] ~ /^  / && !literal) {
            put(".RS 2\n.nf")
            literal = 1
        } else if (lines[i] !~ /^  / && literal) {
            put(".fi\n.RE\n.PP")
            literal = 0
        }
        if (literal)
            sub(/^  +/, substr(lines[i], 3, match(substr(lines[i], 3), /[^ ]/) - 1), lines[i])
        put_line(lines[i])
        first = 0
    }
    if (literal)
        put(".fi\n.RE")
}

# The first sentence, of a function only up to a colon or semicolon, with a small first letter.
function summary_of(s, whole)
{
    gsub(/\n/, " ", s)
    if (match(s, whole ? "[.]( |$)" : "[.:;?]( |$)"))
        s = substr(s, 1, RSTART - 1)
    if (s !~ /^[A-Z][A-Z]/)
        s = tolower(substr(s, 1, 1)) substr(s, 2)
    return s
}

# A declaration in lines that fit, bold; parameters stay whole.
function put_declaration(s, n, i, parts, line)
{
    n = split(s, parts, ", ")
    line = parts[1]
    for (i = 2; i <= n; i++) {
        line = line ","
        if (length(line) + length(parts[i]) > 72) {
            put("\\fB" escape(line) "\\fR")
            line = "    " parts[i]
        } else {
            line = line " " parts[i]
        }
    }
    put("\\fB" escape(line) "\\fR")
}

function has_word(s, word)
{
    return match(" " s " ", "[^A-Za-z0-9_]" word "[^A-Za-z0-9_]")
}

# A text that names a constant does so as a whole, or as "IMG_ADD_...".
function names_constant(s, name, prefix)
{
    if (has_word(s, name))
        return 1
    prefix = name
    while (sub(/_[A-Z0-9]+$/, "_", prefix)) {
        if (index(s, prefix "..."))
            return 1
        sub(/_$/, "", prefix)
        if (prefix !~ /_/)
            break
    }
    return 0
}

function put_members(i, m)
{
    put(".SS \"" (item_kind[i] == "struct" ? "struct " : "") item_name[i] "\"")
    if (text[i] != "")
        put_text(text[i], 1)
    if (item_kind[i] == "callback") {
        if (text[i] != "")
            put(".PP")
        put(".nf")
        put_declaration(item_decl[i])
        put(".fi")
    }
    for (m = 1; m <= members[i]; m++) {
        put(".TP")
        put("\\fB" escape(member[i, m]) "\\fR")
        if (member_text[i, m] != "")
            put_text(member_text[i, m], 1)
        else
            put("\\&")
    }
}

# Whether the comment above constant i is about the next one too.
function shares_lead(i)
{
    return item_kind[i + 1] == "constant" && item_paragraph[i + 1] == item_paragraph[i] &&
           constant_lead[i + 1] == ""
}

function put_constants(from, to, said, i, any, alone)
{
    for (i = from; i <= to; i++) {
        if (item_kind[i] != "constant" || item_name[i] ~ /^IMG_E[A-Z]+$/ && said != "" ||
            (said != "" && !names_constant(said, item_name[i])))
            continue
        if (!any++)
            put(".SH \"CONSTANTS\"")
        alone = text[i] == "" && !shares_lead(i)
        if (constant_lead[i] != "" && !alone) {
            if (any > 1)
                put(".PP")
            put_text(constant_lead[i], 1)
        }
        put(".TP")
        put("\\fB" item_name[i] "\\fR" (item_decl[i] ~ /^[(0-9]/ ? " " escape(item_decl[i]) : ""))
        if (text[i] != "")
            put_text(text[i], 1)
        else if (alone && constant_lead[i] != "")
            put_text(constant_lead[i], 1)
        else
            put("\\&")
    }
}

# All that is written about item i: what may name constants and other pages.
function all_text(i, m, s)
{
    s = text[i] "\n" item_decl[i]
    for (m = 1; m <= members[i]; m++)
        s = s "\n" member[i, m] " " member_text[i, m]
    return s
}

function put_example(from, to, e, i)
{
    for (i = from; i <= to; i++)
        for (e = 1; e <= examples; e++)
            if (item_kind[i] == "function" && index(example[e], item_name[i] "(")) {
                put(".SH \"EXAMPLES\"\n.nf")
                n = split(example[e], lines, "\n")
                for (m = 1; m < n; m++)
                    put_line(lines[m])
                put(".fi")
                return
            }
}

function put_errors(said, i, any)
{
    for (i = 1; i <= items; i++) {
        if (item_header[i] != "error" || item_kind[i] != "constant" || !has_word(said, item_name[i]))
            continue
        if (!any++)
            put(".SH \"ERRORS\"\nAmong others, as said above:")
        put(".TP\n\\fB" item_name[i] "\\fR")
        put_text(text[i], 1)
    }
}

function put_reference(name)
{
    if (!referred++)
        put(".SH \"SEE ALSO\"")
    else
        printf(",\n") >page
    printf("\\fB%s\\fR(3)", name) >page
}

# The pages of what a text names, but for those that are this one.
function put_see_also(said, own, h, i, target)
{
    referred = 0
    split("", seen)
    seen[own] = 1
    put_reference("libimg")
    put_reference("libimg_" h)
    seen["libimg_" h] = 1
    for (i = 1; i <= items; i++) {
        if (item_kind[i] == "constant" || !has_word(said, item_name[i]))
            continue
        target = home[item_name[i]]
        if (target == "" || seen[target]++)
            continue
        put_reference(target)
    }
    put("")
}

function write_group(from, to, i, first, names, said, count, again, shown, j)
{
    for (i = from; i <= to; i++)
        if (item_kind[i] == "function") {
            if (!first)
                first = i
            names = names (names == "" ? "" : ", ") item_name[i]
            said = said "\n" text[i] "\n" item_decl[i]
            count++
        }
    begin_page(item_name[first])
    put(names " \\- " escape(summary_of(text[first])))
    put(".SH \"SYNOPSIS\"\n.nf\n\\fB#include <libimg/" item_header[first] ".h>\\fR\n")
    for (i = from; i <= to; i++)
        if (item_kind[i] == "function")
            put_declaration(item_decl[i])
    put(".fi\n.SH \"DESCRIPTION\"")
    put_descriptions(from, to, count)
    # Types of this header that the functions take, and those that these have in them.
    split("", shown)
    do {
        again = 0
        for (j = 1; j <= items; j++)
            if (item_header[j] == item_header[first] && !shown[j] &&
                item_kind[j] ~ /^(struct|callback)$/ && has_word(said, item_name[j])) {
                put_members(j)
                said = said "\n" all_text(j)
                shown[j] = again = 1
            }
    } while (again)
    put_constants(first_item[item_header[first]], last_item[item_header[first]], said)
    if (item_decl[first] ~ /^int .*img_error \*err\);$/) {
        put(".SH \"RETURN VALUE\"")
        put("0, or a negative code. Then \\fIerr\\fR, unless it is NULL, says what went wrong, as in")
        put("\\fBlibimg_error\\fR(3), and what would have been returned through pointers is not set.")
    }
    put_errors(said)
    put_example(from, to)
    put_see_also(said, item_name[first], item_header[first])
    close(page)
}

function put_descriptions(from, to, count, i, any)
{
    for (i = from; i <= to; i++) {
        if (item_kind[i] != "function")
            continue
        if (count == 1) {
            put_text(text[i], 1)
            continue
        }
        put(".TP\n\\fB" item_name[i] "\\fR()")
        # What stands below another one in its paragraph is of the same kind.
        put_text(text[i] == "" ? "See above." : text[i], 1)
    }
}

function write_header(h, i, any, said)
{
    begin_page("libimg_" h)
    put("libimg_" h " \\- " escape(summary_of(header_text[h], 1)))
    put(".SH \"SYNOPSIS\"\n\\fB#include <libimg/" h ".h>\\fR\n.SH \"DESCRIPTION\"")
    put_text(header_text[h], 1)
    for (i = first_item[h]; i <= last_item[h]; i++) {
        if (item_kind[i] != "function")
            continue
        if (!any++)
            put(".SH \"FUNCTIONS\"")
        put(".TP\n\\fB" item_name[i] "\\fR(3)")
        put_line(text[i] == "" ? "with " home[item_name[i]] "(3)" : summary_of(text[i]))
        said = said "\n" item_decl[i]
    }
    any = 0
    for (i = first_item[h]; i <= last_item[h]; i++)
        if (item_kind[i] == "struct" && home[item_name[i]] == "libimg_" h ||
            item_kind[i] == "callback" && home[item_name[i]] == "libimg_" h) {
            if (!any++)
                put(".SH \"TYPES\"")
            put_members(i)
            said = said "\n" all_text(i)
        }
    put_constants(first_item[h], last_item[h], "")
    put(".SH \"SEE ALSO\"\n\\fBlibimg\\fR(3)")
    close(page)
}

function write_overview(k)
{
    begin_page("libimg")
    put("libimg \\- a library that builds, stores, pushes and pulls container images")
    put(".SH \"SYNOPSIS\"\n.nf\n\\fB#include <libimg/libimg.h>\\fR\n")
    put("\\fBcc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs libimg)\\fR\n.fi\n.SH \"DESCRIPTION\"")
    put_text(header_text["libimg"], 1)
    put(".SH \"HEADERS\"")
    for (k = 1; k <= header_count; k++)
        if (headers[k] != "libimg" && first_item[headers[k]]) {
            put(".TP\n\\fBlibimg_" headers[k] "\\fR(3)")
            put_line(summary_of(header_text[headers[k]], 1))
        }
    put_example_overview()
    put(".SH \"SEE ALSO\"\n\\fBimgtool\\fR(1)")
    close(page)
}

function put_example_overview(i)
{
    for (i = 1; i <= items; i++)
        if (item_name[i] == "img_build_commit")
            put_example(i, i)
}

# Where each name is described: a function on the page of its group, options and callbacks on that of
# the first function that takes them, all else on that of the header.
function find_homes(i, j)
{
    for (i = 1; i <= items; i++) {
        if (!first_item[item_header[i]])
            first_item[item_header[i]] = i
        last_item[item_header[i]] = i
        if (item_kind[i] != "function")
            home[item_name[i]] = "libimg_" item_header[i]
        else if (group[item_paragraph[i]] == "")
            home[item_name[i]] = group[item_paragraph[i]] = item_name[i]
        else
            home[item_name[i]] = group[item_paragraph[i]]
    }
    for (i = 1; i <= items; i++)
        for (j = 1; j <= items && (item_kind[i] == "callback" || item_name[i] ~ /_options$/); j++)
            if (item_kind[j] == "function" && item_header[j] == item_header[i] &&
                has_word(item_decl[j], item_name[i])) {
                home[item_name[i]] = home[item_name[j]]
                break
            }
}

END {
    find_homes()
    for (i = 1; i <= items; i++) {
        if (item_kind[i] == "constant")
            continue
        name = item_name[i]
        if (home[name] != name)
            put_link(name, home[name])
        if (item_kind[i] != "function" || home[name] != name)
            continue
        for (last = i; last < items && item_paragraph[last + 1] == item_paragraph[i]; last++)
            ;
        write_group(i, last)
    }
    for (h = 1; h <= header_count; h++)
        if (headers[h] != "libimg" && first_item[headers[h]])
            write_header(headers[h])
    write_overview()
}
