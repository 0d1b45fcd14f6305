import Foundation
import Glibc

@testable import GatewaySimulator

/// A simulator on its own thread for the length of `body`.
func withSimulator(
  _ options: SimulatorOptions = SimulatorOptions(), _ body: (GatewaySimulator) throws -> Void
) throws {
  let simulator = try GatewaySimulator(options: options)
  try simulator.start()
  defer { simulator.stop() }
  try body(simulator)
}

extension GatewaySimulator {
  func stats() throws -> [String: Any] { try RawClient(self).exchange("GET", "/_stats").json }

  func stat(_ name: String) throws -> Int { try stats()[name] as? Int ?? -1 }

  func answers() throws -> [String: Int] { try stats()["answers"] as? [String: Int] ?? [:] }

  func logLines(after sequence: Int = 0) throws -> [[String: Any]] {
    let answer = try RawClient(self).exchange("GET", "/_log?after=\(sequence)")
    return try parsedLines(answer.body)
  }

  @discardableResult
  func post(fault: String) throws -> RawAnswer {
    try RawClient(self).exchange("POST", "/_fault", body: fault)
  }

  @discardableResult
  func liftFaults() throws -> RawAnswer { try RawClient(self).exchange("DELETE", "/_fault") }

  func post(_ request: TopRequest) throws -> RawAnswer { try RawClient(self).post(request) }

  /// Asks again until `name` has reached `value`.
  func awaitStat(_ name: String, _ value: Int) throws {
    let client = try RawClient(self)
    let deadline = Date().addingTimeInterval(20)
    while Date() < deadline {
      if let found = try client.exchange("GET", "/_stats").json[name] as? Int, found == value { return }
    }
    throw ClientFailure(description: "\(name) never was \(value): \(try stats())")
  }
}

func parsedLines(_ data: Data) throws -> [[String: Any]] {
  try data.split(separator: UInt8(ascii: "\n")).map {
    guard let line = try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] else {
      throw ClientFailure(description: "a line is no object")
    }
    return line
  }
}
