import ControlPage
import Notation

/// The page's files. They are no secret: what they show is asked for with a session.
enum PageFiles {
    struct File: Sendable {
        var name: String
        var response: Response
        var compressed: Response
    }

    static let all: [File] = {
        var files: [File] = []
        while let found = control_page_file(files.count)?.pointee {
            let name = String(cString: found.name)
            let bytes = Array(UnsafeBufferPointer(start: found.bytes, count: found.count))
            var response = Response(type: type(of: name), body: bytes)
            response.tag = Finishing.tag(of: bytes)
            // Always asked again, mostly answered with 304: after an upgrade nobody has half of the old page.
            response.caching = "no-cache"
            var compressed = response
            compressed.body = Gzip.compress(bytes)
            compressed.headers = [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
            files.append(File(name: name, response: response, compressed: compressed))
        }
        return files
    }()

    private static func type(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }
}

extension Routes {
    static let page: [Route] = PageFiles.all.map { file in
        Route(
            method: .get, path: file.name == "index.html" ? "/" : "/\(file.name)", scope: nil,
            summary: "A file of the page.",
            response: .string, types: ["text/html"],
            handler: .here { (request, _) throws(Problem) in request.acceptsGzip ? file.compressed : file.response })
    }
}
