function __libctl_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __libctl_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __libctl_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __libctl_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __libctl_parse_tokens -S
    set -l unparsed_tokens (__libctl_tokens -pc)
    switch $unparsed_tokens[1]
    case 'libctl'
        __libctl_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'register'
            __libctl_parse_subcommand 1 'password-stdin' 'password-file=' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
        case 'login'
            __libctl_parse_subcommand 1 'password-stdin' 'password-file=' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
        case 'logout'
            __libctl_parse_subcommand 0 'all' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
        case 'whoami'
            __libctl_parse_subcommand 0 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
        case 'token'
            __libctl_parse_subcommand 0 'min-ttl=' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
        case 'passwd'
            __libctl_parse_subcommand 0 'password-stdin' 'password-file=' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
        case 'sessions'
            __libctl_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'list'
                __libctl_parse_subcommand 0 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'revoke'
                __libctl_parse_subcommand -r 1 'others' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            end
        case 'status'
            __libctl_parse_subcommand 0 'wait=' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
        case 'authors'
            __libctl_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'list'
                __libctl_parse_subcommand 0 'search=' 'name=' 'book=' 'country=' 'booker-prize' 'no-booker-prize' 'sort=' 'limit=' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'show'
                __libctl_parse_subcommand -r 1 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'add'
                __libctl_parse_subcommand 0 'name=' 'book=' 'country=' 'booker-prize' 'f/file=' 'file-format=' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'edit'
                __libctl_parse_subcommand 1 'name=' 'book=' 'country=' 'booker-prize' 'no-booker-prize' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'rm'
                __libctl_parse_subcommand -r 1 'search=' 'name=' 'book=' 'country=' 'booker-prize' 'no-booker-prize' 'all' 'y/yes' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            end
        case 'users'
            __libctl_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'list'
                __libctl_parse_subcommand 0 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'promote'
                __libctl_parse_subcommand -r 1 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'demote'
                __libctl_parse_subcommand -r 1 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'disable'
                __libctl_parse_subcommand -r 1 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'enable'
                __libctl_parse_subcommand -r 1 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            case 'rm'
                __libctl_parse_subcommand -r 1 'y/yes' 'server=' 'user=' 'o/output=' 'json' 'fields=' 'color=' 'q/quiet' 'v/verbose' 'version' 'h/help'
            end
        case 'help'
            __libctl_parse_subcommand -r 1 'version'
        end
    end
end

function __libctl_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __libctl_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __libctl_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __libctl_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__libctl_tokens -p)
    if test -z "$(__libctl_tokens -t)"
        set -l index (count (__libctl_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'libctl' -f
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'register' -d 'Create an account.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'login' -d 'Log in and keep the token.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'logout' -d 'End the session and forget its token.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'whoami' -d 'Show who is logged in, by asking the daemon.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'token' -d 'Print the access token, refreshed if need be.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'passwd' -d 'Change your password; all other logins of yours end.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'sessions' -d 'List and end your logins.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'status' -d 'Tell whether the daemon is ready.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'authors' -d 'List, show, add, edit and delete authors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'users' -d 'List users and say who may do what; for admins.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" password-stdin' -l 'password-stdin' -d 'Read the password from standard input.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" password-file' -l 'password-file' -d 'Read the password from a file.' -rF
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl register" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" password-stdin' -l 'password-stdin' -d 'Read the password from standard input.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" password-file' -l 'password-file' -d 'Read the password from a file.' -rF
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl login" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" all' -l 'all' -d 'End your logins on all machines.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl logout" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl whoami" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" min-ttl' -l 'min-ttl' -d 'How long the token must still be good, such as 5m. (default: 10s)' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl token" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" password-stdin' -l 'password-stdin' -d 'Read the password from standard input.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" password-file' -l 'password-file' -d 'Read the password from a file.' -rF
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl passwd" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl sessions" -eq 1' -fa 'list' -d 'List your logins on all machines, the latest first.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl sessions" -eq 1' -fa 'revoke' -d 'End logins: their tokens stop working at once.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" others' -l 'others' -d 'All but the one in use.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl sessions revoke" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" wait' -l 'wait' -d 'Wait so long for it to become ready, such as 10s.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl authors" -eq 1' -fa 'list' -d 'List authors, all of them unless filtered or limited.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl authors" -eq 1' -fa 'show' -d 'Show authors by id.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl authors" -eq 1' -fa 'add' -d 'Add an author, or many from a file.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl authors" -eq 1' -fa 'edit' -d 'Change an author; what is not named stays.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl authors" -eq 1' -fa 'rm' -d 'Delete authors and print what was deleted.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" search' -l 'search' -d 'Words that name or book must have, as prefixes; case and accents are ignored.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" name' -l 'name' -d 'Exact name.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" book' -l 'book' -d 'Exact title of the book.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" country' -l 'country' -d 'Exact country.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" booker-prize' -l 'booker-prize' -d 'Only winners of the Booker Prize, or only others.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" no-booker-prize' -l 'no-booker-prize' -d 'Only winners of the Booker Prize, or only others.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" sort' -l 'sort' -d 'FIELD or FIELD:desc; a field is id, name, book, country, created_at or updated_at.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" limit' -l 'limit' -d 'At most so many.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl authors show" -ge 1' -fka '(__libctl_custom_completion ---completion authors show -- positional@0 (count (__libctl_tokens -pc)) (__libctl_tokens -tC))'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors show" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" name' -l 'name' -d 'Name of the author.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" book' -l 'book' -d 'Title of the book.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" country' -l 'country' -d 'Country of the author.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" booker-prize' -l 'booker-prize' -d 'The book won the Booker Prize.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" f file' -l 'file' -s 'f' -d 'File to read authors from; - is standard input.' -rF
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" file-format' -l 'file-format' -d 'csv or ndjson. (default: by the first character)' -rfka 'csv ndjson'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors add" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl authors edit" -eq 1' -fka '(__libctl_custom_completion ---completion authors edit -- positional@0 (count (__libctl_tokens -pc)) (__libctl_tokens -tC))'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" name' -l 'name' -d 'New name.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" book' -l 'book' -d 'New title of the book.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" country' -l 'country' -d 'New country.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" booker-prize' -l 'booker-prize' -d 'Whether the book won the Booker Prize.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" no-booker-prize' -l 'no-booker-prize' -d 'Whether the book won the Booker Prize.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors edit" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl authors rm" -ge 1' -fka '(__libctl_custom_completion ---completion authors rm -- positional@0 (count (__libctl_tokens -pc)) (__libctl_tokens -tC))'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" search' -l 'search' -d 'Words that name or book must have, as prefixes; case and accents are ignored.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" name' -l 'name' -d 'Exact name.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" book' -l 'book' -d 'Exact title of the book.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" country' -l 'country' -d 'Exact country.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" booker-prize' -l 'booker-prize' -d 'Only winners of the Booker Prize, or only others.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" no-booker-prize' -l 'no-booker-prize' -d 'Only winners of the Booker Prize, or only others.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" all' -l 'all' -d 'Delete the whole library.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" y yes' -l 'yes' -s 'y' -d 'Do not ask.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl authors rm" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl users" -eq 1' -fa 'list' -d 'List all users.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl users" -eq 1' -fa 'promote' -d 'Make users admins.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl users" -eq 1' -fa 'demote' -d 'Make admins plain users again.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl users" -eq 1' -fa 'disable' -d 'Log users out everywhere and let nobody log in as them.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl users" -eq 1' -fa 'enable' -d 'Let disabled users log in again.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_positional "libctl users" -eq 1' -fa 'rm' -d 'Delete users with all authors that are theirs.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users promote" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users demote" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users disable" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users enable" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" y yes' -l 'yes' -s 'y' -d 'Do not ask.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" server' -l 'server' -d 'Server: http://HOST:PORT, https://HOST or unix:/PATH.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" user' -l 'user' -d 'Which of several logins at the server to use.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" o output' -s 'o' -l 'output' -d 'table, tsv, csv, json, ndjson or id. (default: table on a terminal, else tsv)' -rfka 'table tsv csv json ndjson id'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" json' -l 'json' -d 'The same as --output json.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" fields' -l 'fields' -d 'Fields to show, separated by commas.' -rfka ''
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" color' -l 'color' -d 'When to use colour: auto, always or never.' -rfka 'auto always never'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" q quiet' -l 'quiet' -s 'q' -d 'Say nothing but results and errors.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" v verbose' -l 'verbose' -s 'v' -d 'Tell of each request on standard error, without secrets.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" version' -l 'version' -d 'Show the version.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl users rm" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libctl' -n '__libctl_should_offer_completions_for_flags_or_options "libctl help" version' -l 'version' -d 'Show the version.'
