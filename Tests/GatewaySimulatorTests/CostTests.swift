import Foundation
import Glibc
import Synchronization
import Testing

@testable import GatewaySimulator

/// The simulator has to cost less than what is measured against it.
@Suite struct CostTests {
  /// Room for a busy machine with a cold cache; the figure that counts is printed.
  static let limitMicroseconds = 60.0

  /// Runs a simulator and notes what its thread used.
  private final class MeasuredRun: Sendable {
    let simulator: GatewaySimulator
    let nanoseconds = Mutex<Int>(0)

    init(_ simulator: GatewaySimulator) { self.simulator = simulator }

    func run() {
      simulator.run()
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      nanoseconds.withLock { $0 = time.tv_sec * 1_000_000_000 + time.tv_nsec }
    }
  }

  @Test(arguments: [false, true])
  func processorTimeOfARequest(_ isSecure: Bool) throws {
    let path = FileManager.default.temporaryDirectory.path + "/simulator-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let certificate = try TestCertificate()
    defer { certificate.remove() }
    let measured = MeasuredRun(
      try GatewaySimulator(
        options: SimulatorOptions(
          latencyMilliseconds: 1, logPath: path, tls: isSecure ? certificate.files : nil)))
    let thread = Thread { measured.run() }
    thread.start()
    let clients = try (0..<64).map { _ in try RawClient(measured.simulator) }
    let requests = (0..<clients.count).map {
      Data(TopRequest.valid(sid: "s-\($0)", messageID: "m-\($0)", content: "你好，客户的问题 😀").text.utf8)
    }
    let rounds = 300
    for _ in 0..<rounds {
      for (client, request) in zip(clients, requests) { try client.send(request) }
      for client in clients { #expect(try client.answer().status == 200) }
    }
    let requestCount = rounds * clients.count
    #expect(try measured.simulator.stat("taken") == requestCount)
    measured.simulator.stop()
    let deadline = Date().addingTimeInterval(20)
    while !thread.isFinished && Date() < deadline { usleep(1000) }
    let microseconds = Double(measured.nanoseconds.withLock { $0 }) / Double(requestCount) / 1000
    print(
      "gateway simulator\(isSecure ? ", TLS" : ""): \(microseconds) µs of processor time a request of \(requests[0].count) bytes"
    )
    #expect(microseconds > 0 && microseconds < Self.limitMicroseconds)
  }
}
