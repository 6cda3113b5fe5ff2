/// The forms in which samples are given.
enum SampleForm: String, CaseIterable, Sendable {
    case json, ndjson, csv, senml

    var type: String {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv"
        case .senml: "application/senml+json"
        }
    }

    /// By the parameter `format`, else the first known type of the Accept header, else JSON.
    static func wanted(_ request: Request) throws(Problem) -> SampleForm {
        if let name = request["format"], !name.isEmpty {
            guard let form = SampleForm(rawValue: name) else {
                throw Problem.invalid("format", "'format' is json, ndjson, csv or senml")
            }
            return form
        }
        guard let accept = request.accept else { return .json }
        for part in accept.split(separator: ",") {
            let type = part.split(separator: ";")[0].filter { $0 != " " }
            if type == "*/*" || type == "application/*" { return .json }
            if let form = allCases.first(where: { $0.type == type }) { return form }
        }
        throw Problem(406, "not_acceptable", "samples come as JSON, NDJSON, CSV or SenML")
    }
}
