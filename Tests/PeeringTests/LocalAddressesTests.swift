import Testing

@testable import Peering

@Suite struct LocalAddressesTests {
    private let near = LocalAddresses.Six(host: "fe80::1%2", isLinkLocal: true)
    private let wide = LocalAddresses.Six(host: "2001:db8::1", isLinkLocal: false)

    @Test func aNetworkThatGivesOutNoAddressesIsMetAtItsLinkLocalOne() {
        let choices = LocalAddresses.bindings([near], port: 7)
        #expect(choices.first == ["0.0.0.0:7", "[fe80::1%2]:7"])
        #expect(choices.dropFirst() == [["0.0.0.0:7", "[::]:7"], ["0.0.0.0:0", "[::]:0"]])
    }

    @Test func otherwiseAllAddressesAreListenedAt() {
        for sixes in [[], [wide], [near, wide]] {
            #expect(LocalAddresses.bindings(sixes, port: 7).first == ["0.0.0.0:7", "[::]:7"])
        }
    }
}
