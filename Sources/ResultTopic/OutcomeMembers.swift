import CSimdjson
import ChatEvents

/// Members of an outcome by name. Valid as long as the reader's tokens are.
package struct OutcomeMembers {
  private let tokens: UnsafeBufferPointer<csimdjson_token>

  init(tokens: UnsafeBufferPointer<csimdjson_token>) { self.tokens = tokens }

  /// A text, a number as it stands, or `true`; nil for anything else.
  package func text(_ path: String...) -> String? { find(path, in: 0).flatMap { text(at: $0) } }

  /// A whole number of the outcome itself.
  package func number(_ name: String) -> Int64? {
    guard let index = member(name, of: 0), tokens[index].isNumber else { return nil }
    return tokens[index].textBytes.wholeNumber
  }

  /// Without making a text of it.
  package func hasText(_ text: StaticString, at name: String) -> Bool {
    guard let index = member(name, of: 0), tokens[index].isString else { return false }
    return tokens[index].textBytes.equals(text)
  }

  package func isTrue(_ name: String) -> Bool { find([name], in: 0).map { tokens[$0].isTrue } ?? false }

  /// Pointer and code of each problem that is listed.
  package var problems: [(pointer: String, code: String)] {
    elements("error", "problems").map { problem in
      (
        pointer: find(["pointer"], in: problem).flatMap { text(at: $0) } ?? "",
        code: find(["code"], in: problem).flatMap { text(at: $0) } ?? ""
      )
    }
  }

  /// The sub_codes of the attempts that are listed, the last one left out; nil where there was no answer.
  package var earlierSubCodes: [String?] {
    elements("attempt_log").dropLast().map { attempt in
      find(["sub_code"], in: attempt).flatMap { text(at: $0) }
    }
  }

  private func elements(_ path: String...) -> [Int] {
    guard let list = find(path, in: 0), tokens[list].isArray else { return [] }
    var elements: [Int] = []
    var element = list + 1
    while element < Int(tokens[list].end) {
      elements.append(element)
      element = Int(tokens[element].end)
    }
    return elements
  }

  private func find(_ path: [String], in object: Int) -> Int? {
    var place = object
    for name in path {
      guard let member = member(name, of: place) else { return nil }
      place = member
    }
    return place
  }

  private func member(_ name: String, of object: Int) -> Int? {
    guard tokens[object].isObject else { return nil }
    var member = object + 1
    while member < Int(tokens[object].end) {
      if tokens[member].keyBytes.elementsEqual(name.utf8) { return member }
      member = Int(tokens[member].end)
    }
    return nil
  }

  private func text(at index: Int) -> String? {
    if tokens[index].isTrue { return "true" }
    guard tokens[index].isString || tokens[index].isNumber else { return nil }
    return String(decoding: tokens[index].textBytes, as: UTF8.self)
  }
}

extension UnsafeRawBufferPointer {
  /// Nil if the digits are not all, or too many.
  fileprivate var wholeNumber: Int64? {
    let isNegative = first == UInt8(ascii: "-")
    var number: Int64 = 0
    for byte in self[(isNegative ? 1 : 0)...] {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), number < 100_000_000_000_000_000 else {
        return nil
      }
      number = number * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    return isNegative ? -number : number
  }
}
