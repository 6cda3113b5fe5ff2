import Notation
import System

/// What Control needs of the gateway. All but `loop` is called on that loop.
public protocol Backend: AnyObject, Sendable {
    var loop: Loop { get }
    /// What `bothy status` shows.
    func status() -> JSON
}
