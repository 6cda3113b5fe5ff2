import CWebSockets
import System

/// The library's callbacks, each handed to the service or exchange it is for.
enum ServiceEvents {
    static func table(owner: UnsafeMutableRawPointer) -> bothy_web_events {
        bothy_web_events(
            owner: owner,
            request: { owner, connection in
                let exchange = ServiceEvents.service(owner).begin(connection!)
                return exchange.map { UnsafeMutableRawPointer(Unmanaged.passRetained($0).toOpaque()) }
            },
            body: { owner, exchange, bytes, count in
                let bytes = UnsafeBufferPointer(start: bytes, count: count)
                ServiceEvents.service(owner).receive(ServiceEvents.exchange(exchange), bytes)
            },
            body_end: { owner, exchange in
                ServiceEvents.service(owner).dispatch(ServiceEvents.exchange(exchange))
            },
            upgrade: { owner, connection in
                let exchange = ServiceEvents.service(owner).upgrade(connection!)
                return exchange.map { UnsafeMutableRawPointer(Unmanaged.passRetained($0).toOpaque()) }
            },
            opened: { owner, exchange in
                ServiceEvents.service(owner).opened(ServiceEvents.exchange(exchange))
            },
            received: { owner, exchange, bytes, count, last, binary in
                let bytes = UnsafeBufferPointer(start: bytes, count: count)
                ServiceEvents.service(owner).message(
                    ServiceEvents.exchange(exchange), bytes, last: last != 0, binary: binary != 0)
            },
            writable: { owner, exchange in
                ServiceEvents.service(owner).writable(ServiceEvents.exchange(exchange))
            },
            over: { owner, exchange, closed in
                let exchange = Unmanaged<Exchange>.fromOpaque(exchange!).takeRetainedValue()
                ServiceEvents.service(owner).over(exchange, closed: closed != 0)
            },
            woken: { owner in ServiceEvents.service(owner).woken() },
            alarm: { owner in ServiceEvents.service(owner).alarm() },
            log: { level, line in
                guard let line else { return }
                let text = String(cString: line)
                // What strangers send is no trouble of ours, so the library's warnings are for the curious.
                if level == 1 { Log.info("control", text) } else { Log.debug("control", text) }
            })
    }

    private static func service(_ owner: UnsafeMutableRawPointer?) -> Service {
        Unmanaged<Service>.fromOpaque(owner!).takeUnretainedValue()
    }

    private static func exchange(_ exchange: UnsafeMutableRawPointer?) -> Exchange {
        Unmanaged<Exchange>.fromOpaque(exchange!).takeUnretainedValue()
    }
}
