/// An answer that stands for all those which no rule of a table can tell from it.
///
/// Rules look at codes by ranges, at texts by equality, beginnings and whether they have a dot. Between two bounds of
/// ranges, and beside the texts that are named, all answers are alike: one of each kind proves what holds for all.
struct WitnessAnswer {
  private enum Envelope {
    case none
    case error(code: Int64?, subCode: [UInt8]?)
    case result(success: Bool?, code: [UInt8]?)
  }

  private var httpStatus: Int
  private var envelope: Envelope

  func withFacts<Result>(_ body: (AnswerFacts) -> Result) -> Result {
    switch envelope {
    case .none: body(AnswerFacts(httpStatus: httpStatus, envelope: .none))
    case .error(let code, nil):
      body(AnswerFacts(httpStatus: httpStatus, envelope: .error(code: code, subCode: nil)))
    case .error(let code, let subCode?):
      subCode.withUnsafeBytes {
        body(AnswerFacts(httpStatus: httpStatus, envelope: .error(code: code, subCode: $0)))
      }
    case .result(let success, nil):
      body(AnswerFacts(httpStatus: httpStatus, envelope: .result(success: success, code: nil)))
    case .result(let success, let code?):
      code.withUnsafeBytes {
        body(AnswerFacts(httpStatus: httpStatus, envelope: .result(success: success, code: $0)))
      }
    }
  }

  /// One answer of each kind that `match` holds for, as `matches` tell answers apart.
  static func answers(for match: Rule.Match, among matches: [Rule.Match]) -> [WitnessAnswer] {
    all(among: matches, near: match).filter { $0.withFacts(match.holds) }
  }

  private static func all(among matches: [Rule.Match], near match: Rule.Match) -> [WitnessAnswer] {
    let kinds = Kinds(matches)
    switch match {
    case .subCode, .subCodePrefix, .code, .bareSubCode, .codeAlone: return kinds.errors(near: match)
    case .success, .resultCode, .noSuccess: return kinds.results
    case .httpStatus: return kinds.statuses
    case .anything: return kinds.errors(near: match) + kinds.results + kinds.statuses
    }
  }

  /// The values at which some rule may change its mind.
  private struct Kinds {
    /// No text has this byte, so no rule names a text with it.
    private static let unnamed: UInt8 = 0xFF

    private var codes: Set<Int64> = [0, .max]
    private var subCodes: Set<[UInt8]> = []
    private var resultCodes: Set<[UInt8]> = []
    private var httpStatuses: Set<Int> = [100, 599]

    init(_ matches: [Rule.Match]) {
      addBeginning([])
      resultCodes.insert([Self.unnamed])
      for match in matches {
        switch match {
        case .subCode(let text): subCodes.insert(Array(text.utf8))
        case .subCodePrefix(let text): addBeginning(Array(text.utf8))
        case .code(let range, let prefix):
          addBounds(of: range)
          addBeginning(Array(prefix.utf8))
        case .bareSubCode(let range), .codeAlone(let range): addBounds(of: range)
        case .resultCode(let text): resultCodes.insert(Array(text.utf8))
        case .httpStatus(let range):
          httpStatuses.formUnion([
            range.lowerBound, range.upperBound, Self.before(range.lowerBound), Self.after(range.upperBound),
          ])
        case .success, .noSuccess, .anything: break
        }
      }
    }

    private mutating func addBounds(of range: ClosedRange<Int64>) {
      codes.formUnion([
        range.lowerBound, range.upperBound, Self.before(range.lowerBound), Self.after(range.upperBound),
      ])
    }

    private mutating func addBeginning(_ prefix: [UInt8]) {
      if !prefix.isEmpty { subCodes.insert(prefix) }
      subCodes.insert(prefix + [Self.unnamed])
      subCodes.insert(prefix + [Self.unnamed, UInt8(ascii: ".")])
    }

    private static func before<Number: FixedWidthInteger>(_ number: Number) -> Number {
      number == .min ? number : number - 1
    }

    private static func after<Number: FixedWidthInteger>(_ number: Number) -> Number {
      number == .max ? number : number + 1
    }

    func errors(near match: Rule.Match) -> [WitnessAnswer] {
      // Those of another sub_code need not be made only to be dropped.
      let texts: [[UInt8]?] =
        if case .subCode(let text) = match { [Array(text.utf8)] } else { subCodes + [nil] }
      return (codes.map(Optional.some) + [nil]).flatMap { code in
        texts.map { WitnessAnswer(httpStatus: 200, envelope: .error(code: code, subCode: $0)) }
      }
    }

    var results: [WitnessAnswer] {
      [true, false, nil].flatMap { success in
        (resultCodes.map(Optional.some) + [nil]).map {
          WitnessAnswer(httpStatus: 200, envelope: .result(success: success, code: $0))
        }
      }
    }

    var statuses: [WitnessAnswer] {
      httpStatuses.map { WitnessAnswer(httpStatus: $0, envelope: .none) }
    }
  }
}
