/// Decides about connections of which nothing but the sender's address is known, before anything is spent on them. Pure:
/// times are boot time in nanoseconds.
struct StrangerGate {
    enum Decision: Hashable, Sendable {
        case accept
        /// The sender first has to show that its address is not forged.
        case validate
        case ignore
    }

    struct Limits: Sendable {
        /// Attempts a second that are asked to prove their address, which costs one packet, and that do a handshake, by
        /// network (an IPv4 /24, an IPv6 /64).
        var perSecond = 100.0
        var burst = 200.0
        var perSecondOfNetwork = 1.0
        var burstOfNetwork = 5.0
        /// Handshakes at the same time, of strangers and of all.
        var handshakes = 8
        var handshakesOfAll = 64
        /// Networks remembered; the one longest unseen makes room.
        var networks = 512
    }

    private struct Bucket {
        var tokens: Double
        var at: Int64

        mutating func take(rate: Double, burst: Double, now: Int64) -> Bool {
            tokens = min(burst, tokens + Double(max(0, now - at)) / 1e9 * rate)
            at = now
            guard tokens >= 1 else { return false }
            tokens -= 1
            return true
        }
    }

    let limits: Limits
    private var all: Bucket
    private var networks: [[UInt8]: Bucket] = [:]
    private(set) var ignored: UInt64 = 0

    init(_ limits: Limits = Limits()) {
        self.limits = limits
        all = Bucket(tokens: limits.burst, at: 0)
    }

    /// `network` is the sender's, nil through a relay (which has limits of its own); `isKnown`: a trusted peer was there
    /// lately, so that a flood of strangers does not keep it out.
    mutating func decide(network: [UInt8]?, isKnown: Bool, isValidated: Bool, handshakes: Int, now: Int64) -> Decision {
        if isKnown { return handshakes < limits.handshakesOfAll ? .accept : ignore() }
        // A forged address must not use up the share of the network it names.
        if !isValidated && network != nil {
            return admits(network: nil, now: now) ? .validate : ignore()
        }
        guard handshakes < limits.handshakes, admits(network: network ?? [], now: now) else { return ignore() }
        return .accept
    }

    private mutating func ignore() -> Decision {
        ignored += 1
        return .ignore
    }

    private mutating func admits(network: [UInt8]?, now: Int64) -> Bool {
        guard let network else { return all.take(rate: limits.perSecond, burst: limits.burst, now: now) }
        if networks[network] == nil, networks.count >= limits.networks,
            let oldest = networks.min(by: { $0.value.at < $1.value.at })?.key
        {
            networks[oldest] = nil
        }
        return networks[network, default: Bucket(tokens: limits.burstOfNetwork, at: now)].take(
            rate: limits.perSecondOfNetwork, burst: limits.burstOfNetwork, now: now)
    }
}
