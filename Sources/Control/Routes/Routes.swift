/// The whole API.
enum Routes {
    static let all: [Route] = status + sensors + radio + peers + live + access + health

    /// What is served: the API and the page's files.
    static let served: [Route] = all + page
}
