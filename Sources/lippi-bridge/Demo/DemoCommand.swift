internal import BridgeConfiguration
internal import BridgeCore

/// What `lippi-bridge demo` was asked for.
struct DemoRequest {
  var eventCount = 40
  var seed: UInt64 = 1
  var exitsWhenIdle = false
  var timeout = TimeSpan.seconds(120)
  var isJSON = false
  /// A real Kafka; nil: a mock cluster inside this process.
  var bootstrapServers: String?
}

/// `lippi-bridge demo`: reads its options and runs the demonstration.
enum DemoCommand {
  private static let eventCountLimit = 100_000

  static func perform(_ arguments: CommandArguments) -> ExitCode {
    var request = DemoRequest()
    if let text = arguments.value(of: "--events") {
      guard let count = Int(text), (1...eventCountLimit).contains(count) else {
        return refuse("--events \(text) is no number from 1 to \(eventCountLimit)")
      }
      request.eventCount = count
    }
    if let text = arguments.value(of: "--seed") {
      guard let seed = UInt64(text) else { return refuse("--seed \(text) is no whole number from 0") }
      request.seed = seed
    }
    if let text = arguments.value(of: "--timeout") {
      guard text.hasSuffix("s"), let seconds = Int64(text.dropLast()), seconds > 0, seconds <= 86_400 else {
        return refuse("--timeout \(text) is no number of seconds such as 120s")
      }
      request.timeout = .seconds(seconds)
    }
    request.exitsWhenIdle = arguments.isSet("--exit-when-idle")
    request.isJSON = arguments.isSet("--json")
    request.bootstrapServers = arguments.value(of: "--bootstrap")
    do throws(FatalFault) {
      return try Demo(request).run(until: try StopRequests.signals())
    } catch {
      StandardError.write("lippi-bridge demo: \(error.message)\n")
      return error.exitCode
    }
  }

  private static func refuse(_ sentence: String) -> ExitCode {
    StandardError.write("lippi-bridge demo: \(sentence)\n")
    return .usage
  }
}
