import CLinux
import Glibc

/// A thread of the system, detached: it ends when its work ends.
public enum Thread {
    public static func start(name: String, _ work: @escaping @Sendable () -> Void) {
        final class Work {
            let name: String
            let run: @Sendable () -> Void
            init(name: String, run: @escaping @Sendable () -> Void) {
                self.name = name
                self.run = run
            }
        }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Work(name: name, run: work)).toOpaque()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                let work = Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue()
                _ = bothy_thread_name(work.name)
                work.run()
                return nil
            }, argument)
        precondition(status == 0, "no thread for \(name): \(String(cString: strerror(status)))")
    }
}

/// For the one thing a loop cannot do: making another thread wait for it.
public final class Semaphore: @unchecked Sendable {  // because sem_t is made for use from several threads
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    public init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    public func signal() { sem_post(semaphore) }

    public func wait() { while sem_wait(semaphore) != 0 {} }
}
