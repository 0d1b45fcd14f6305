import BridgeCore
import Glibc
import Testing

@testable import BridgeHTTP

/// Processor time (user and system) that the client's thread needs for requests and for connects.
struct ExchangeCost: CustomStringConvertible {
  private(set) var answeredCount = 0
  /// Microseconds each.
  private(set) var exchange = 0.0
  private(set) var connect = 0.0
  /// Of the client's thread; the rest of the time it waited for the server.
  private(set) var busyShare = 0.0
  private(set) var longestTurn = TimeSpan.zero

  /// All connections are opened first; then requests of 1 000 bytes go out whenever one of them is ready.
  init(_ driver: GatewayDriver, concurrency: Int, exchangeCount: Int) throws {
    let beforeConnects = GatewayDriver.threadTime()
    try #require(driver.run(expecting: concurrency) { $0.gateway.readyConnectionCount == concurrency })
    connect = Double(GatewayDriver.threadTime() - beforeConnects) / Double(concurrency)
    let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1_000)
    var sentCount = 0
    let before = GatewayDriver.threadTime()
    let start = GatewayDriver.now().monotonic
    let limit = start + GatewayDriver.patience
    while answeredCount < exchangeCount, GatewayDriver.now().monotonic < limit {
      let now = GatewayDriver.now()
      while sentCount < exchangeCount, driver.gateway.readyConnectionCount > 0 {
        let ticket = Ticket(index: Int32(sentCount), generation: 0)
        guard case .started = driver.gateway.send(ticket, at: now, body: { $0.append(body) }) else { break }
        sentCount += 1
      }
      let turnTime = driver.turn(until: limit)
      longestTurn = max(longestTurn, turnTime)
      while let report = driver.gateway.nextReport() {
        if case .answered = report.ending { answeredCount += 1 }
        driver.gateway.finish(report)
      }
    }
    let busy = Double(GatewayDriver.threadTime() - before)
    exchange = busy / Double(exchangeCount)
    busyShare = busy / Double((GatewayDriver.now().monotonic - start).microseconds)
  }

  var description: String {
    func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }
    return "\(rounded(exchange)) µs CPU per POST, \(rounded(connect)) per connect, "
      + "busy \(Int(busyShare * 100)) %, longest turn \(longestTurn.milliseconds) ms"
  }
}
