/// The whole API.
enum Routes {
    static let all: [Route] = status + sensors + live + access + health
}
