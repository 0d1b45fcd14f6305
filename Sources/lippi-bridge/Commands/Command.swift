internal import BridgeConfiguration

/// One verb of the program: parsing and help come from here.
struct Command: Sendable {
  /// One word, or two: `config example`.
  let name: String
  /// One line, for the list of verbs.
  let summary: String
  /// What it does, for its own help.
  let explanation: String
  let options: [CommandOption]
  /// What it takes beside options, as the usage line shows it (`KEY`): any number of words. Nil: nothing.
  var operandName: String? = nil
  /// The exit codes worth explaining beside 0 and 64.
  let exitCodes: [ExitCode]
  let examples: [CommandExample]
  let perform: @Sendable (CommandArguments) -> ExitCode
}

struct CommandOption: Sendable {
  enum Form: Sendable {
    /// Stands alone.
    case flag
    /// Followed by a value, once.
    case value(String)
    /// Followed by a value, as often as needed.
    case repeated(String)
  }

  /// With its dashes.
  let name: String
  let form: Form
  let summary: String
}

struct CommandExample: Sendable {
  let line: String
  let effect: String
}

/// What stood behind the verb.
struct CommandArguments: Sendable {
  fileprivate var values: [String: [String]] = [:]
  /// Words that belong to no option, in their order.
  fileprivate(set) var operands: [String] = []

  func isSet(_ option: String) -> Bool { values[option] != nil }
  func value(of option: String) -> String? { values[option]?.last }
  func values(of option: String) -> [String] { values[option] ?? [] }
}

/// A command line that is not understood.
struct UsageFault: Error {
  var sentence: String
}

extension Command {
  /// Reads `--name value`, `--name=value`, and operands anywhere among them.
  func parse(_ arguments: ArraySlice<String>) throws(UsageFault) -> CommandArguments {
    var parsed = CommandArguments()
    var rest = arguments
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-" else {
        guard operandName != nil else {
          throw UsageFault(sentence: "\(word) is no option; \(name) takes options only")
        }
        parsed.operands.append(word)
        continue
      }
      let equals = word.firstIndex(of: "=")
      let optionName = String(word[..<(equals ?? word.endIndex)])
      guard let option = options.first(where: { $0.name == optionName }) else {
        throw UsageFault(sentence: "unknown option \(optionName)\(suggestion(for: optionName))")
      }
      let isFirst = parsed.values[optionName] == nil
      switch option.form {
      case .flag:
        guard equals == nil else { throw UsageFault(sentence: "\(optionName) takes no value") }
        guard isFirst else { throw UsageFault(sentence: "\(optionName) is there twice") }
        parsed.values[optionName] = []
      case .value(let valueName), .repeated(let valueName):
        let inline = equals.map { String(word[word.index(after: $0)...]) }
        guard let value = inline ?? rest.popFirst() else {
          throw UsageFault(sentence: "\(optionName) needs a value: \(optionName) \(valueName)")
        }
        if case .value = option.form, !isFirst {
          throw UsageFault(sentence: "\(optionName) is there twice")
        }
        parsed.values[optionName, default: []].append(value)
      }
    }
    return parsed
  }

  private func suggestion(for word: String) -> String {
    let meant = Suggestion.nearest(to: word, among: options.map(\.name) + ["--help"])
    return meant.map { "; did you mean \($0)?" } ?? ""
  }
}
