# Completion of libctl for fish. libctl itself finds the candidates.

function __libctl_complete
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

complete -c libctl -e
complete -c libctl -f -k -a '(__libctl_complete)'
