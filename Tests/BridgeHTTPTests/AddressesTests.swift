import BridgeCore
import Glibc
import Synchronization
import Testing

@testable import BridgeHTTP

@Suite(.serialized) struct AddressesTests {
  private static let good = AttemptEnding.answered(status: 200, retryAfterSeconds: nil, date: nil)

  private static func serve(on address: String, port: UInt16 = 0) -> ScriptedServer {
    ScriptedServer(address: address, port: port) { peer in
      while peer.readRequest() != nil { peer.write(answer(address)) }
    }
  }

  @Test func aDeadFirstAddressIsPassedInTime() throws {
    let server = Self.serve(on: "127.0.0.1")
    let dead = SilentAddress("127.0.0.2", port: server.port)
    let driver = try GatewayDriver("http://gateway.test:\(server.port)/", connectTimeout: .seconds(2)) {
      $0.fixedAddresses = ["gateway.test:\(server.port):127.0.0.2,127.0.0.1"]
    }
    let before = GatewayDriver.now().monotonic
    #expect(try driver.exchange().body == "127.0.0.1")
    let time = GatewayDriver.now().monotonic - before
    print("a dead first address costs \(time.milliseconds) ms")
    // Half of the time-out is for the first address: a connect at once would not have met it.
    #expect(time > .milliseconds(500))
    #expect(time < .milliseconds(1_500))
    #expect(driver.gateway.statistics.connectFailureCount == 0)
    dead.close()
  }

  @Test func aRefusingFirstAddressCostsLittle() throws {
    let server = Self.serve(on: "127.0.0.1")
    let driver = try GatewayDriver("http://gateway.test:\(server.port)/", connectTimeout: .seconds(2)) {
      $0.fixedAddresses = ["gateway.test:\(server.port):127.0.0.3,127.0.0.1"]
    }
    let before = GatewayDriver.now().monotonic
    #expect(try driver.exchange().body == "127.0.0.1")
    let time = GatewayDriver.now().monotonic - before
    print("a refusing first address costs \(time.milliseconds) ms")
    #expect(time < .seconds(1))
  }

  @Test func aFamilyThatRefusesIsPassed() throws {
    let server = Self.serve(on: "127.0.0.1")
    let driver = try GatewayDriver("http://gateway.test:\(server.port)/", connectTimeout: .seconds(2)) {
      $0.fixedAddresses = ["gateway.test:\(server.port):[::1],127.0.0.1"]
    }
    let before = GatewayDriver.now().monotonic
    #expect(try driver.exchange().body == "127.0.0.1")
    #expect(GatewayDriver.now().monotonic - before < .seconds(1))
  }

  @Test func aChangedAddressTakesEffectWhenConnectionsAreOld() throws {
    let first = Self.serve(on: "127.0.0.1")
    let second = Self.serve(on: "127.0.0.2", port: first.port)
    let name = "gateway.test:\(first.port)"
    let driver = try GatewayDriver("http://\(name)/", limit: 3, ageLimit: .milliseconds(300)) {
      $0.fixedAddresses = ["\(name):127.0.0.1"]
    }
    try #require(driver.run(expecting: 3) { $0.gateway.readyConnectionCount == 3 })
    #expect(try driver.exchange().body == "127.0.0.1")
    var changed = driver.gateway.settings
    changed.fixedAddresses = ["\(name):127.0.0.2"]
    driver.gateway.options = ConnectOptions(changed)
    let limit = GatewayDriver.now().monotonic + .milliseconds(350)
    while GatewayDriver.now().monotonic < limit { _ = try driver.exchange() }
    for _ in 0..<5 { #expect(try driver.exchange().body == "127.0.0.2") }
    #expect(second.acceptedCount.withLock { $0 } > 0)
    #expect(driver.gateway.statistics.connectFailureCount == 0)
    #expect(driver.gateway.statistics.idleLossCount == 0)
  }

  @Test func aSlowConnectEndsInTimeAndBlocksNobody() throws {
    let dead = SilentAddress("127.0.0.2", port: 0)
    let driver = try GatewayDriver(
      "http://127.0.0.2:\(dead.port)/", limit: 4, connectTimeout: .milliseconds(400))
    var longest = TimeSpan.zero
    let before = GatewayDriver.now().monotonic
    while driver.gateway.statistics.connectFailureCount == 0 {
      driver.gateway.expect(requestCount: 4, at: GatewayDriver.now())
      longest = max(longest, driver.turn(until: before + GatewayDriver.patience))
      try #require(GatewayDriver.now().monotonic - before < GatewayDriver.patience)
    }
    let time = GatewayDriver.now().monotonic - before
    print("a connect of 400 ms ends after \(time.milliseconds) ms, longest turn \(longest.milliseconds) ms")
    #expect(time >= .milliseconds(390))
    #expect(time <= .milliseconds(450))
    #expect(longest < .milliseconds(50))
    dead.close()
  }
}

/// An address whose packets are dropped: a listener that accepts nothing and whose queue is full.
final class SilentAddress {
  let port: UInt16
  private var sockets: [Int32] = []

  init(_ address: String, port wanted: UInt16) {
    var place = sockaddr_in(address, port: wanted)
    let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        precondition(bind(listener, place, length) == 0, "the address is free")
        getsockname(listener, place, &length)
      }
    }
    listen(listener, 0)
    port = UInt16(bigEndian: place.sin_port)
    sockets = [listener]
    for _ in 0..<4 {
      let filler = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      withUnsafePointer(to: &place) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(filler, $0, length) }
      }
      sockets.append(filler)
    }
  }

  func close() {
    for socket in sockets { Glibc.close(socket) }
    sockets = []
  }

  deinit { close() }
}

extension sockaddr_in {
  init(_ address: String, port: UInt16) {
    self.init()
    sin_family = sa_family_t(AF_INET)
    sin_port = port.bigEndian
    inet_pton(AF_INET, address, &sin_addr)
  }
}
