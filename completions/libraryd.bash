# Completion of libraryd for bash. libraryd itself finds the candidates.

# Readline also ends words at `:`, `=` and `@`; libraryd does not: `--server http://localhost:8080` is two words.
# This function joins the parts of a word, and takes off each candidate the part that readline does not replace.
_libraryd() {
    local rest="${COMP_LINE}" word head=''
    local -a words=() answer=()
    local -i index current=0
    for index in "${!COMP_WORDS[@]}"; do
        word="${COMP_WORDS[${index}]}"
        if [[ "${index}" -gt 0 && -n "${rest}" && "${rest}" != [[:space:]]* ]]; then
            [[ "${index}" -eq "${COMP_CWORD}" ]] && head="${words[${#words[@]} - 1]}"
            words[${#words[@]} - 1]+="${word}"
        else
            words+=("${word}")
        fi
        [[ "${index}" -eq "${COMP_CWORD}" ]] && current="${#words[@]}-1"
        rest="${rest#"${rest%%[![:space:]]*}"}"
        rest="${rest#"${word}"}"
    done
    # After `:` the word to complete is empty, and yet it is `:` in COMP_WORDS.
    [[ -z "${2}" && "${COMP_WORDS[${COMP_CWORD}]}" = [:=@]* ]] && head+="${COMP_WORDS[${COMP_CWORD}]}"
    # Only the part before the cursor, with the quotation mark that the user has begun the word with.
    word="${words[${current}]}"
    [[ "${word}" = [\'\"]* ]] && word="${word:0:1}" || word=''
    words[${current}]="${word}${head}${2#[\'\"]}"

    local -x COMP_TYPE="${COMP_TYPE}"
    mapfile -t answer < <("${1}" ---complete bash "$((current - 1))" "${words[@]:1}" 2> /dev/null)
    COMPREPLY=()
    if [[ "${answer[0]-}" = :files ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "${2}")
    else
        COMPREPLY=("${answer[@]#"${head}"}")
    fi
}

complete -F _libraryd libraryd
