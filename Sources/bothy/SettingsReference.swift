import Settings

/// The settings for people who look them up, from the schema.
enum SettingsReference {
    static var paths: [String] { leaves(Schema.settings, under: "").map(\.path) }

    static func markdown() -> String {
        var text =
            "# Settings\n\nOne YAML file, `/etc/bothy/bothy.yaml`; an empty one is complete. `bothy config show` prints\n"
        text += "what is in force and where each value came from. Made from the schema by `bothy man --settings`.\n\n"
        text += "| Setting | May be | Default | Meaning |\n|---|---|---|---|\n"
        for leaf in leaves(Schema.settings, under: "") {
            text +=
                "| `\(leaf.path)` | \(leaf.form) | \(leaf.setting.fallback.map { "`\($0)`" } ?? "–") | \(leaf.setting.summary) |\n"
        }
        return text
    }

    private static func leaves(_ settings: [Setting], under path: String) -> [(
        path: String, form: String, setting: Setting
    )] {
        settings.flatMap { setting -> [(path: String, form: String, setting: Setting)] in
            let path = path.isEmpty ? setting.name : "\(path).\(setting.name)"
            switch setting.shape {
            case .scalar(let scalar): return [(path, scalar.expectation, setting)]
            case .record(let inner): return leaves(inner, under: path)
            case .list(of: .record(let inner), _):
                return [(path, "a list", setting)] + leaves(inner, under: path + "[]")
            case .list: return [(path, "a list", setting)]
            case .table(of: .record(let inner), _):
                return [(path, "a mapping by id", setting)] + leaves(inner, under: path + ".<id>")
            case .table(let shape, _):
                var form = "a mapping by id"
                if case .scalar(let scalar) = shape { form += ": \(scalar.expectation)" }
                return [(path, form, setting)]
            }
        }
    }
}
