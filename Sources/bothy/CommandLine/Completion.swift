/// Completion for bash, zsh and fish: each shell's script asks `bothy __complete` for the candidates.
enum Completion {
    static let bash = """
        _bothy() {
            local IFS=$'\\n'
            COMPREPLY=($(bothy __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
            [ "${COMPREPLY[0]}" = ":files" ] && COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -F _bothy bothy
        """

    static let zsh = """
        #compdef bothy
        _bothy() {
            local -a found
            found=("${(@f)$(bothy __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            if [ "$found[1]" = ":files" ]; then _files; else compadd -- $found; fi
        }
        compdef _bothy bothy
        """

    static let fish = """
        function __bothy_complete
            set -l words (commandline -opc) (commandline -ct)
            set -l found (bothy __complete -- $words[2..-1] 2>/dev/null)
            if test "$found[1]" = ":files"
                __fish_complete_path (commandline -ct)
            else
                printf '%s\\n' $found
            end
        end
        complete -c bothy -f -a '(__bothy_complete)'
        """

    /// What could stand in place of the last of `words`; `:files` alone asks the shell for file names.
    static func candidates(
        _ words: [String], among commands: [Command], names: (Command.Completes) -> [String]
    ) -> [String] {
        let typed = words.last ?? ""
        let before = Array(words.dropLast())
        let path = commandPath(before, commands)
        let visible = commands.filter { !$0.hidden }
        guard let command = visible.first(where: { $0.path == path }) else {
            let next = visible.filter { $0.path.starts(with: path) && $0.path.count > path.count }.map {
                $0.path[path.count]
            }
            return matching(Array(Set(next)).sorted(), typed)
        }
        let flags = command.flags + Parser.global
        if let last = before.last, last.hasPrefix("--"), let flag = flags.first(where: { "--\($0.name)" == last }),
            flag.value != nil
        {
            return flag.choices.isEmpty ? found(flag.completes, typed, names) : matching(flag.choices, typed)
        }
        if typed.hasPrefix("-") { return matching(flags.map { "--\($0.name)" }, typed) }
        let given = before.dropFirst(path.count).filter { !$0.hasPrefix("-") }.count
        let place = min(given, command.positionals.count - 1)
        guard place >= 0, given < command.positionals.count || command.positionals[place].repeated else { return [] }
        return found(command.positionals[place].completes, typed, names)
    }

    private static func commandPath(_ words: [String], _ commands: [Command]) -> [String] {
        var path: [String] = []
        for word in words {
            guard commands.contains(where: { $0.path.starts(with: path + [word]) }) else { break }
            path.append(word)
        }
        return path
    }

    private static func found(
        _ kind: Command.Completes, _ typed: String, _ names: (Command.Completes) -> [String]
    ) -> [String] {
        switch kind {
        case .nothing: []
        case .files: [":files"]
        default: matching(names(kind), typed)
        }
    }

    private static func matching(_ words: [String], _ typed: String) -> [String] {
        words.filter { $0.hasPrefix(typed) }
    }
}
