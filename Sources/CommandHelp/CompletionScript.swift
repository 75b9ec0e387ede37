import ArgumentParser

/// The scripts for the shells, which ask the program for candidates. None of them evaluates what the program answers.
package enum CompletionScript {
    /// The script for `--generate-completion-script SHELL`; `nil` for other arguments, and for a shell that is not
    /// known. Without SHELL, it is that of the user.
    package static func asked(by arguments: [String], program: String) -> String? {
        let option = "--generate-completion-script"
        guard let first = arguments.first else { return nil }
        let name: String? =
            if first.hasPrefix(option + "=") {
                String(first.dropFirst(option.count + 1))
            } else if first == option {
                arguments.count == 1
                    ? CompletionShell.autodetected()?.rawValue : arguments.count == 2 ? arguments[1] : nil
            } else {
                nil
            }
        return name.flatMap(Candidate.Shell.init(rawValue:)).map { text(for: $0, program: program) }
    }

    private static func text(for shell: Candidate.Shell, program: String) -> String {
        let text =
            switch shell {
            case .bash: bash
            case .zsh: zsh
            case .fish: fish
            }
        return text.replacing("PROGRAM", with: program)
    }

    private static let bash = #"""
        # Completion of PROGRAM for bash. PROGRAM itself finds the candidates.

        # Readline also ends words at `:`, `=` and `@`; PROGRAM does not: `--server http://localhost:8080` is two words.
        # This function joins the parts of a word, and takes off each candidate the part that readline does not replace.
        _PROGRAM() {
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

        complete -F _PROGRAM PROGRAM
        """#

    private static let zsh = #"""
        #compdef PROGRAM
        # Completion of PROGRAM for zsh. PROGRAM itself finds the candidates.

        _PROGRAM() {
            local -a question answer
            question=(---complete zsh "$((CURRENT - 2))" "${(@)words[2,CURRENT-1]}" "${QIPREFIX}${PREFIX}")
            answer=("${(@f)$(command "${(Q)words[1]}" "${(@)question}" 2> /dev/null)}")
            if [[ "${answer[1]}" = :files ]]; then
                compset -P '--*='
                _files
            elif [[ -n "${answer[1]}" ]]; then
                _describe -V '' answer
            fi
        }

        _PROGRAM
        """#

    private static let fish = #"""
        # Completion of PROGRAM for fish. PROGRAM itself finds the candidates.

        function __PROGRAM_complete
            set -l option -o
            test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3; and set option --tokens-raw
            set -l tokens (commandline $option -pc)
            set -l word "$(commandline -ct)"
            set -l question ---complete fish (math (count $tokens) - 1) $tokens[2..] "$word"
            set -l answer (command $tokens[1] $question 2> /dev/null)
            if test "$answer[1]" = :files
                set -l head (string match -r -- '^--[^=]*=' "$word")
                # A command without completions of its own completes to files.
                for path in (complete -C "'' "(string replace -r -- '^--[^=]*=' '' "$word"))
                    printf '%s%s\n' "$head" $path
                end
            else if set -q answer[1]
                printf '%s\n' $answer
            end
        end

        complete -c PROGRAM -e
        complete -c PROGRAM -f -k -a '(__PROGRAM_complete)'
        """#
}
