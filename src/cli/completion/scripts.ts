/** What `kf completion SHELL` prints. All that is to be known is asked of `kf complete` while typing. Pure. */

const bash = `# bash completion of kf
_kf() {
  local reply line
  COMPREPLY=()
  reply=$("\${COMP_WORDS[0]/#\\~\\//$HOME/}" complete line -- "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null) || return 0
  while IFS= read -r line; do
    case $line in
      '') ;;
      :files) compopt -o default 2>/dev/null ;;
      :dirs) compopt -o dirnames 2>/dev/null ;;
      :nospace) compopt -o nospace 2>/dev/null ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done <<<"$reply"
}
complete -F _kf kf
`;

const zsh = `#compdef kf
# zsh completion of kf
_kf() {
  local line value
  local -a values shown suffix
  for line in "\${(@f)$("\${(@Q)words[1]}" complete words -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) _files; return ;;
      :dirs) _files -/; return ;;
      :nospace) suffix=(-S '') ;;
      *)
        value=\${line%%$'\\t'*}
        values+=("$value")
        if [[ $line == *$'\\t'* ]]; then shown+=("$value  -- \${line#*$'\\t'}"); else shown+=("$value"); fi
        ;;
    esac
  done
  compadd -l "\${suffix[@]}" -d shown -a values
}
if [ "$funcstack[1]" = _kf ]; then _kf "$@"; else compdef _kf kf; fi
`;

const fish = `# fish completion of kf
function __kf_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in (command $words[1] complete words -- $words[2..-1] "$current" 2>/dev/null)
    switch $line
      case :files
        __fish_complete_path "$current"
      case :dirs
        __fish_complete_directories "$current"
      case :nospace
      case '*'
        echo $line
    end
  end
end
complete -c kf -f -a '(__kf_complete)'
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

export const shells: readonly string[] = Object.keys(scripts);

/** Undefined for a shell that there is none for. */
export const scriptFor = (shell: string): string | undefined =>
  Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
