internal import BridgeConfiguration

extension CommandTable {
  static let health = Command(
    name: "health",
    summary: "whether a running worker does its work, and if not, why and what to do",
    explanation:
      "Asks the worker's admin port (GET /health) and writes its answer: the state of the line, every reason for which "
      + "events wait, and each partition. Exit code 0: nothing waits, or what waits moves. 1: events wait and nothing "
      + "has moved for health.stalled_after, or the worker is still starting.",
    options: [
      AdminAccess.url,
      CommandOption(
        name: "--json", form: .flag, summary: "the answer as the worker gives it, one JSON object"),
      .configurationFile, .setting,
    ],
    exitCodes: [.missingOutcome, .brokerUnreachable, .configuration],
    examples: [
      CommandExample(line: "lippi-bridge health --url http://127.0.0.1:9464", effect: "for people"),
      CommandExample(
        line: "lippi-bridge health --url http://127.0.0.1:9464 --json", effect: "for other programs"),
    ],
    perform: HealthCommand.perform)

  static let pause = Command(
    name: "pause",
    summary: "stops a running worker's line: nothing more is sent until resume",
    explanation:
      "What is under way ends and gets its outcome; events wait in Kafka, nothing is failed. The reason stands in the log, "
      + "in /health and in the status topic. The pause ends with lippi-bridge resume, or with a restart of the worker.",
    options: [
      CommandOption(name: "--reason", form: .value("TEXT"), summary: "why, for whoever wonders; needed"),
      AdminAccess.url, AdminAccess.tokenFile, .configurationFile, .setting,
    ],
    exitCodes: [.noInput, .brokerUnreachable, .permissionDenied, .configuration],
    examples: [
      CommandExample(
        line:
          "LIPPI_BRIDGE_ADMIN_TOKEN=… lippi-bridge pause --url http://127.0.0.1:9464 --reason 'agents cannot log in'",
        effect: "stops the line")
    ],
    perform: PauseCommand.pause)

  static let resume = Command(
    name: "resume",
    summary: "lets a paused line go on",
    explanation: "Ends what lippi-bridge pause began. A line that was not paused stays as it is.",
    options: [AdminAccess.url, AdminAccess.tokenFile, .configurationFile, .setting],
    exitCodes: [.noInput, .brokerUnreachable, .permissionDenied, .configuration],
    examples: [
      CommandExample(
        line: "LIPPI_BRIDGE_ADMIN_TOKEN=… lippi-bridge resume --url http://127.0.0.1:9464",
        effect: "lets it go on")
    ],
    perform: PauseCommand.resume)
}

/// `lippi-bridge health`.
enum HealthCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    do {
      let wanted = arguments.isSet("--json") ? "application/json" : "text/plain"
      let answer = try AdminAccess.client(arguments).send("GET", "/health", headers: ["Accept: \(wanted)"])
      guard answer.status == 200 || answer.status == 503 else {
        throw AdminClient.Fault(sentence: "the answer has status \(answer.status): that is no worker")
      }
      StandardOutput.write(answer.body)
      return answer.status == 200 ? .success : .missingOutcome
    } catch {
      return AdminAccess.report(error, of: CommandTable.health)
    }
  }
}

/// `lippi-bridge pause` and `lippi-bridge resume`.
enum PauseCommand {
  static func pause(_ arguments: CommandArguments) -> ExitCode {
    do {
      guard let reason = arguments.value(of: "--reason"), !reason.isEmpty else {
        throw UsageFault(sentence: "--reason is needed: whoever finds the line paused wants to know why")
      }
      return try post(
        "/pause", "{\"reason\":\(JSONValue.text(reason).compact)}", arguments, CommandTable.pause)
    } catch {
      return AdminAccess.report(error, of: CommandTable.pause)
    }
  }

  static func resume(_ arguments: CommandArguments) -> ExitCode {
    do {
      return try post("/resume", "", arguments, CommandTable.resume)
    } catch {
      return AdminAccess.report(error, of: CommandTable.resume)
    }
  }

  private static func post(
    _ path: String, _ body: String, _ arguments: CommandArguments, _ command: Command
  ) throws -> ExitCode {
    let client = try AdminAccess.client(arguments)
    let token = try AdminAccess.token(arguments)
    guard token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw UsageFault(
        sentence: "the token has a blank or a character beyond ASCII: a worker takes no such token")
    }
    let answer = try client.send(
      "POST", path, headers: ["Authorization: Bearer \(token)", "Content-Type: application/json"], body: body)
    guard answer.status == 202 else {
      StandardError.write("lippi-bridge \(command.name): \(answer.body)")
      switch answer.status {
      case 401, 403: return .permissionDenied
      case 400, 413: return .usage
      default: return .brokerUnreachable
      }
    }
    StandardOutput.write(answer.body)
    return .success
  }
}
