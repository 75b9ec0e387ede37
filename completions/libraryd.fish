function __libraryd_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __libraryd_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __libraryd_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __libraryd_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __libraryd_parse_tokens -S
    set -l unparsed_tokens (__libraryd_tokens -pc)
    switch $unparsed_tokens[1]
    case 'libraryd'
        __libraryd_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'serve'
            __libraryd_parse_subcommand 0 'listen=' 'socket=' 'tls-certificate=' 'tls-key=' 'data=' 'config=' 'behind-proxy' 'token-lifetime=' 'refresh-lifetime=' 'registration=' 'log-level=' 'log-format=' 'version' 'h/help'
        case 'user'
            __libraryd_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'list'
                __libraryd_parse_subcommand 0 'data=' 'config=' 'version' 'h/help'
            case 'add'
                __libraryd_parse_subcommand 1 'data=' 'config=' 'version' 'h/help'
            case 'promote'
                __libraryd_parse_subcommand 1 'data=' 'config=' 'version' 'h/help'
            case 'demote'
                __libraryd_parse_subcommand 1 'data=' 'config=' 'version' 'h/help'
            case 'disable'
                __libraryd_parse_subcommand 1 'data=' 'config=' 'version' 'h/help'
            case 'enable'
                __libraryd_parse_subcommand 1 'data=' 'config=' 'version' 'h/help'
            case 'delete'
                __libraryd_parse_subcommand 1 'data=' 'config=' 'y/yes' 'version' 'h/help'
            case 'passwd'
                __libraryd_parse_subcommand 1 'data=' 'config=' 'version' 'h/help'
            end
        case 'backup'
            __libraryd_parse_subcommand 1 'data=' 'config=' 'keep=' 'version' 'h/help'
        case 'restore'
            __libraryd_parse_subcommand 1 'data=' 'config=' 'version' 'h/help'
        case 'check'
            __libraryd_parse_subcommand 1 'data=' 'config=' 'version' 'h/help'
        case 'key'
            __libraryd_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'rotate'
                __libraryd_parse_subcommand 0 'data=' 'config=' 'version' 'h/help'
            end
        case 'import-flask'
            __libraryd_parse_subcommand 1 'data=' 'config=' 'dry-run' 'owner=' 'version' 'h/help'
        case 'help'
            __libraryd_parse_subcommand -r 1 'version'
        end
    end
end

function __libraryd_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __libraryd_parse_subcommand -S -a positional_count
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

function __libraryd_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __libraryd_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__libraryd_tokens -p)
    if test -z "$(__libraryd_tokens -t)"
        set -l index (count (__libraryd_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'libraryd' -f
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd" -eq 1' -fa 'serve' -d 'Serve the library until SIGTERM or SIGINT.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd" -eq 1' -fa 'user' -d 'List and create users, and change who is an admin and who may log in.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd" -eq 1' -fa 'backup' -d 'Copy the library into one file, whether the daemon is up or down.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd" -eq 1' -fa 'restore' -d 'Put a backup in the place of the library, with the daemon down.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd" -eq 1' -fa 'check' -d 'Inspect the library: pages, schema, references, search index.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd" -eq 1' -fa 'key' -d 'Change the key that signs tokens.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd" -eq 1' -fa 'import-flask' -d 'Carry users and authors over from the Flask tutorial\'s database, whether the daemon is up or down.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" listen' -l 'listen' -d 'Address to listen on; port 0 picks a free one. (default: 127.0.0.1:8080)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" socket' -l 'socket' -d 'Unix socket to listen on. (default: $XDG_RUNTIME_DIR/libraryd.sock where that is set)' -rF
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" tls-certificate' -l 'tls-certificate' -d 'PEM file with the certificate, to serve HTTPS. SIGHUP reads it again.' -rF
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" tls-key' -l 'tls-key' -d 'PEM file with the certificate\'s private key.' -rF
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfa '(__libraryd_complete_directories)'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" config' -l 'config' -d 'JSON file with settings, named like these flags.' -rF
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" behind-proxy' -l 'behind-proxy' -d 'Allow an address that is not loopback: a proxy in front speaks TLS.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" token-lifetime' -l 'token-lifetime' -d 'How long a token is good. (default: 30m)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" refresh-lifetime' -l 'refresh-lifetime' -d 'How long a login can be refreshed. (default: 30d)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" registration' -l 'registration' -d 'Who may create an account over HTTP: open (anybody) or closed (nobody). (default: open)' -rfka 'open closed'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" log-level' -l 'log-level' -d 'trace, debug, info, notice, warning, error or critical. (default: notice on a terminal, else info)' -rfka 'trace debug info notice warning error critical'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" log-format' -l 'log-format' -d 'text or json. (default: text on a terminal, else json)' -rfka 'text json'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd serve" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd user" -eq 1' -fa 'list' -d 'List all users: name, role, authors, public id, and whether they are disabled.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd user" -eq 1' -fa 'add' -d 'Create a user, also while registration is closed.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd user" -eq 1' -fa 'promote' -d 'Make a user an admin.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd user" -eq 1' -fa 'demote' -d 'Make an admin a plain user again.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd user" -eq 1' -fa 'disable' -d 'Log a user out everywhere and let nobody log in as this user.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd user" -eq 1' -fa 'enable' -d 'Let a disabled user log in again.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd user" -eq 1' -fa 'delete' -d 'Delete a user with all authors that are this user\'s.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd user" -eq 1' -fa 'passwd' -d 'Give a user another password and log the user out everywhere.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user list" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user list" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user list" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user add" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user add" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user add" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user add" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user promote" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user promote" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user promote" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user promote" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user demote" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user demote" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user demote" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user demote" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user disable" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user disable" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user disable" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user disable" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user enable" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user enable" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user enable" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user enable" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user delete" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user delete" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user delete" y yes' -l 'yes' -s 'y' -d 'Do not ask.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user delete" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user delete" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user passwd" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user passwd" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user passwd" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd user passwd" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd backup" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd backup" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd backup" keep' -l 'keep' -d 'How many backups there may be: older ones become FILE.1, FILE.2 and so on.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd backup" -eq 1' -F
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd backup" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd backup" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd restore" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd restore" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd restore" -eq 1' -F
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd restore" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd restore" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd check" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd check" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd check" -eq 1' -F
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd check" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd check" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd key" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd key" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd key" -eq 1' -fa 'rotate' -d 'Sign with a new key from now on, whether the daemon is up or down.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd key rotate" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd key rotate" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd key rotate" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd key rotate" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd import-flask" data' -l 'data' -d 'Folder for the database and the key. (default: ~/.local/share/libraryd)' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd import-flask" config' -l 'config' -d 'JSON file with settings, named like the flags of serve.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd import-flask" dry-run' -l 'dry-run' -d 'Only tell what would happen.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd import-flask" owner' -l 'owner' -d 'Name of the user, here, who gets the authors that name no user.' -rfka ''
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_positional "libraryd import-flask" -eq 1' -F
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd import-flask" version' -l 'version' -d 'Show the version.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd import-flask" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'libraryd' -n '__libraryd_should_offer_completions_for_flags_or_options "libraryd help" version' -l 'version' -d 'Show the version.'
