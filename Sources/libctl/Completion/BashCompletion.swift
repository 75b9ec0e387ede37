/// Changes to the generated completion script for bash.
enum BashCompletion {
    /// The `COMP_TYPE` with which readline lists the candidates and inserts none: `?` (bash(1), Shell Variables).
    static let onlyLists = "63"

    /// Stands behind the generated script, and defines anew what the script has defined: words with `:`, `=` and `@`
    /// stay whole, and only arguments that are files complete as files.
    static let addition = #"""
        # Without `-o filenames` here, `authors` would become `authors/` where there is a folder of that name.
        __libctl_add_completions() {
            [[ "${1}" = -W ]] || compopt -o filenames
            local completion
            while IFS='' read -r completion; do
                COMPREPLY+=("${completion}")
            done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
        }

        # Readline also ends words at `:`, `=` and `@`; libctl does not: `--server http://localhost:8080` is two words.
        # This function joins the parts of a word, and takes off each candidate the part that readline does not replace.
        _libctl_on_whole_words() {
            local rest="${COMP_LINE}" word head=''
            local -a whole_words=()
            local -i index current=0
            for index in "${!COMP_WORDS[@]}"; do
                word="${COMP_WORDS[${index}]}"
                if [[ "${index}" -gt 0 && -n "${rest}" && "${rest}" != [[:space:]]* ]]; then
                    [[ "${index}" -eq "${COMP_CWORD}" ]] && head="${whole_words[${#whole_words[@]} - 1]}"
                    whole_words[${#whole_words[@]} - 1]+="${word}"
                else
                    whole_words+=("${word}")
                fi
                [[ "${index}" -eq "${COMP_CWORD}" ]] && current="${#whole_words[@]}-1"
                rest="${rest#"${rest%%[![:space:]]*}"}"
                rest="${rest#"${word}"}"
            done
            # After `:` the word to complete is empty, and yet it is `:` in COMP_WORDS.
            [[ -z "${2}" && "${COMP_WORDS[${COMP_CWORD}]}" = [:=@]* ]] && head+="${COMP_WORDS[${COMP_CWORD}]}"

            local -a COMP_WORDS=("${whole_words[@]}")
            local -i COMP_CWORD="${current}"
            local -x COMP_TYPE="${COMP_TYPE}"
            _libctl "${1}" "${head}${2}" "${COMP_WORDS[${COMP_CWORD} - 1]}"
            # What the generated function has put into its place, and left there.
            trap - RETURN
            COMPREPLY=("${COMPREPLY[@]#"${head}"}")
        }

        complete -F _libctl_on_whole_words libctl
        """#
}
