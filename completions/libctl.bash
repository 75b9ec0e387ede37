#!/bin/bash

__libctl_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__libctl_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__libctl_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__libctl_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_libctl() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    register|login|logout|whoami|token|passwd|sessions|status|authors|users|config|api|help)
        # Offer subcommand argument completions
        "_libctl_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'register login logout whoami token passwd sessions status authors users config api help' -- "${cur}"))
        ;;
    esac
}

_libctl_register() {
    repeating_flags=()
    non_repeating_flags=(--password-stdin --no-login --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--password-file --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--password-file')
        __libctl_add_completions -f
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion register -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion register -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_login() {
    repeating_flags=()
    non_repeating_flags=(--password-stdin --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--password-file --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--password-file')
        __libctl_add_completions -f
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion login -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion login -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_logout() {
    repeating_flags=()
    non_repeating_flags=(--all --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion logout -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion logout -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_whoami() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion whoami -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion whoami -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_token() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--min-ttl --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--min-ttl')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion token -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion token -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_passwd() {
    repeating_flags=()
    non_repeating_flags=(--password-stdin --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--password-file --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--password-file')
        __libctl_add_completions -f
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion passwd -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion passwd -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_sessions() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __libctl_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|kept|revoke)
        # Offer subcommand argument completions
        "_libctl_sessions_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list kept revoke' -- "${cur}"))
        ;;
    esac
}

_libctl_sessions_list() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion sessions list -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion sessions list -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_sessions_kept() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion sessions kept -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion sessions kept -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_sessions_revoke() {
    repeating_flags=()
    non_repeating_flags=(--others --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion sessions revoke -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion sessions revoke -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion sessions revoke -- positional@0 "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_libctl_status() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--wait --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--wait')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion status -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion status -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_authors() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __libctl_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|show|add|edit|rm|import|export|watch|stats)
        # Offer subcommand argument completions
        "_libctl_authors_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list show add edit rm import export watch stats' -- "${cur}"))
        ;;
    esac
}

_libctl_authors_list() {
    repeating_flags=()
    non_repeating_flags=(--booker-prize --no-booker-prize --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--search --name --book --country --sort --limit --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--search')
        return
        ;;
    '--name')
        return
        ;;
    '--book')
        return
        ;;
    '--country')
        return
        ;;
    '--sort')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors list -- --sort "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--limit')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors list -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors list -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_authors_show() {
    repeating_flags=()
    non_repeating_flags=(--ignore-missing --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors show -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors show -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors show -- positional@0 "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_libctl_authors_add() {
    repeating_flags=()
    non_repeating_flags=(--booker-prize --no-booker-prize --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=(--map --default)
    non_repeating_options=(--name --book --country --file -f --file-format --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--name')
        return
        ;;
    '--book')
        return
        ;;
    '--country')
        return
        ;;
    '--file'|'-f')
        __libctl_add_completions -f
        return
        ;;
    '--file-format')
        __libctl_add_completions -W 'csv'$'\n''tsv'$'\n''ndjson'
        return
        ;;
    '--map')
        return
        ;;
    '--default')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors add -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors add -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_authors_edit() {
    repeating_flags=()
    non_repeating_flags=(--booker-prize --no-booker-prize --all --ignore-missing --dry-run --yes -y --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=(--where)
    non_repeating_options=(--name --book --country --search --if-version --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--name')
        return
        ;;
    '--book')
        return
        ;;
    '--country')
        return
        ;;
    '--search')
        return
        ;;
    '--where')
        return
        ;;
    '--if-version')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors edit -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors edit -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors edit -- positional@0 "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_libctl_authors_rm() {
    repeating_flags=()
    non_repeating_flags=(--booker-prize --no-booker-prize --all --ignore-missing --dry-run --yes -y --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--search --name --book --country --if-version --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--search')
        return
        ;;
    '--name')
        return
        ;;
    '--book')
        return
        ;;
    '--country')
        return
        ;;
    '--if-version')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors rm -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors rm -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors rm -- positional@0 "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_libctl_authors_import() {
    repeating_flags=()
    non_repeating_flags=(--atomic --dry-run --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=(--map --default)
    non_repeating_options=(--file-format --on-conflict --rejects --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--file-format')
        __libctl_add_completions -W 'csv'$'\n''tsv'$'\n''ndjson'
        return
        ;;
    '--map')
        return
        ;;
    '--default')
        return
        ;;
    '--on-conflict')
        __libctl_add_completions -W 'fail'$'\n''skip'$'\n''update'
        return
        ;;
    '--rejects')
        __libctl_add_completions -f
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors import -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors import -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __libctl_add_completions -f
        return
        ;;
    esac
}

_libctl_authors_export() {
    repeating_flags=()
    non_repeating_flags=(--booker-prize --no-booker-prize --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--search --name --book --country --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--search')
        return
        ;;
    '--name')
        return
        ;;
    '--book')
        return
        ;;
    '--country')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors export -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors export -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __libctl_add_completions -f
        return
        ;;
    esac
}

_libctl_authors_watch() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--since --count --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--since')
        return
        ;;
    '--count')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors watch -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors watch -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_authors_stats() {
    repeating_flags=()
    non_repeating_flags=(--booker-prize --no-booker-prize --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--by --search --name --book --country --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--by')
        __libctl_add_completions -W 'country'$'\n''booker_prize'
        return
        ;;
    '--search')
        return
        ;;
    '--name')
        return
        ;;
    '--book')
        return
        ;;
    '--country')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors stats -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion authors stats -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_users() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __libctl_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|promote|demote|disable|enable|rm)
        # Offer subcommand argument completions
        "_libctl_users_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list promote demote disable enable rm' -- "${cur}"))
        ;;
    esac
}

_libctl_users_list() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users list -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users list -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_users_promote() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users promote -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users promote -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users promote -- positional@0 "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_libctl_users_demote() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users demote -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users demote -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users demote -- positional@0 "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_libctl_users_disable() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users disable -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users disable -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users disable -- positional@0 "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_libctl_users_enable() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users enable -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users enable -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users enable -- positional@0 "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_libctl_users_rm() {
    repeating_flags=()
    non_repeating_flags=(--yes -y --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users rm -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users rm -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion users rm -- positional@0 "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_libctl_config() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __libctl_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    get|set|unset|list|path)
        # Offer subcommand argument completions
        "_libctl_config_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'get set unset list path' -- "${cur}"))
        ;;
    esac
}

_libctl_config_get() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config get -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config get -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __libctl_add_completions -W 'server'$'\n''cacert'$'\n''user'$'\n''color'$'\n''pager'
        return
        ;;
    esac
}

_libctl_config_set() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config set -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config set -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __libctl_add_completions -W 'server'$'\n''cacert'$'\n''user'$'\n''color'$'\n''pager'
        return
        ;;
    esac
}

_libctl_config_unset() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config unset -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config unset -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __libctl_add_completions -W 'server'$'\n''cacert'$'\n''user'$'\n''color'$'\n''pager'
        return
        ;;
    esac
}

_libctl_config_list() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config list -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config list -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_config_path() {
    repeating_flags=()
    non_repeating_flags=(--json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config path -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion config path -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_libctl_api() {
    repeating_flags=()
    non_repeating_flags=(--include -i --json --pager --no-input --quiet -q --verbose -v --version -h --help)
    repeating_options=(-f --raw-field -F --field -H --header)
    non_repeating_options=(--input --server --cacert --user -o --output --fields --timeout --color)
    __libctl_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--input')
        __libctl_add_completions -f
        return
        ;;
    '-f'|'--raw-field')
        return
        ;;
    '-F'|'--field')
        return
        ;;
    '-H'|'--header')
        return
        ;;
    '--server')
        return
        ;;
    '--cacert')
        __libctl_add_completions -f
        return
        ;;
    '--user')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion api -- --user "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '-o'|'--output')
        __libctl_add_completions -W 'table'$'\n''tsv'$'\n''csv'$'\n''json'$'\n''ndjson'$'\n''id'
        return
        ;;
    '--fields')
        __libctl_add_completions -W "$(__libctl_custom_complete ---completion api -- --fields "${COMP_CWORD}" "$(__libctl_cursor_index_in_current_word)")"
        return
        ;;
    '--timeout')
        return
        ;;
    '--color')
        __libctl_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __libctl_add_completions -W 'GET'$'\n''POST'$'\n''PUT'$'\n''PATCH'$'\n''DELETE'$'\n''HEAD'
        return
        ;;
    esac
}

_libctl_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __libctl_offer_flags_options -1
}

complete -o filenames -F _libctl libctl

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
