/// What happened to one event, for a person.
enum OutcomeWords {
  static func note(of members: OutcomeMembers) -> String {
    let problems = members.problems
    if !problems.isEmpty { return problems.map(words).joined(separator: ", ") }
    if let sentence = members.text("error", "message") {
      // Closed sentences that end in a full stop; the gateway's own words stand behind them.
      let answer = answer(of: members)
      return answer.isEmpty
        ? sentence : "\(sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence): \(answer)"
    }
    if members.isTrue("possible_duplicate") {
      return "sent again after an answer was lost: the agent may have it twice"
    }
    return retries(members)
  }

  private static func answer(of members: OutcomeMembers) -> String {
    let parts = [
      members.text("gateway", "sub_code"), members.text("gateway", "sub_message"),
      members.text("gateway", "result_code").map { "result \($0)" },
      members.text("gateway", "result_message"),
    ]
    return parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
  }

  private static func retries(_ members: OutcomeMembers) -> String {
    let causes = members.earlierSubCodes.map { $0 ?? "no answer" }
    guard !causes.isEmpty else { return "" }
    let count = causes.count
    let cause = Set(causes).sorted().joined(separator: ", ")
    return "after \(count) \(count == 1 ? "retry" : "retries") (\(cause))"
  }

  private static func words(_ problem: (pointer: String, code: String)) -> String {
    let member = problem.pointer.isEmpty ? "the event" : String(problem.pointer.dropFirst())
    return switch problem.code {
    case "missing": "\(member) is missing"
    case "empty": "\(member) is empty"
    case "blank": "\(member) is blank"
    case "null_value": "\(member) is null"
    case "wrong_type": "\(member) is of the wrong type"
    case "not_allowed": "\(member) has a value that is not allowed"
    case "out_of_range": "\(member) is out of range"
    case "too_large": "\(member) is too large"
    case "too_deep": "\(member) is nested too deep"
    case "bad_time": "\(member) is no time"
    case "duplicate_member": "\(member) is there twice"
    case "not_json": "\(member) is no JSON"
    case "not_utf8": "\(member) is not UTF-8"
    default: "\(member): \(problem.code)"
    }
  }
}
