import CSimdjson

/// Finds member names that an object has twice. A few bits per name tell most of them apart; names that share them
/// are compared, and in large objects looked up, so that the work stays linear whatever the object holds.
struct DuplicateSearch {
  typealias Tokens = UnsafeBufferPointer<csimdjson_token>

  /// An object with more members than this gets a set.
  private static let comparedMemberLimit = 64

  private let firstMember: Int
  private var marks: UInt64 = 0
  private var memberCount = 0
  private var names: Set<[UInt8]> = []

  /// `index`: the object's token.
  init(objectAt index: Int) { firstMember = index + 1 }

  /// Whether a member before the one at `position` has its name; to be asked for every member in turn.
  mutating func isDuplicate(_ tokens: Tokens, at position: Int) -> Bool {
    let name = tokens[position].keyBytes
    memberCount += 1
    if memberCount > Self.comparedMemberLimit {
      if names.isEmpty { collect(tokens, before: position) }
      return !names.insert(Array(name)).inserted
    }
    let mark = UInt64(1) << Self.mark(of: name)
    defer { marks |= mark }
    guard marks & mark != 0 else { return false }
    var earlier = firstMember
    while earlier < position {
      if tokens[earlier].keyBytes.equals(name) { return true }
      earlier = Int(tokens[earlier].end)
    }
    return false
  }

  private mutating func collect(_ tokens: Tokens, before position: Int) {
    var earlier = firstMember
    while earlier < position {
      names.insert(Array(tokens[earlier].keyBytes))
      earlier = Int(tokens[earlier].end)
    }
  }

  private static func mark(of name: UnsafeRawBufferPointer) -> UInt64 {
    guard name.count > 0 else { return 0 }
    let ends = UInt64(name[0]) &* 31 &+ UInt64(name[name.count - 1]) &* 7 &+ UInt64(name[name.count / 2])
    return (ends &+ UInt64(name.count) &* 17) & 63
  }

  /// Calls `report` with JSON Pointer and position of every duplicate inside the value at `index`, in document order.
  static func search(_ tokens: Tokens, in index: Int, pointer: String, report: (String, Int) -> Void) {
    // Most values have none, and pointers cost memory: look first, name then.
    guard hasDuplicates(tokens, in: index) else { return }
    visit(tokens, index, pointer, report)
  }

  private static func hasDuplicates(_ tokens: Tokens, in index: Int) -> Bool {
    for position in index..<Int(tokens[index].end) where tokens[position].isObject {
      var search = DuplicateSearch(objectAt: position)
      var member = position + 1
      while member < Int(tokens[position].end) {
        if search.isDuplicate(tokens, at: member) { return true }
        member = Int(tokens[member].end)
      }
    }
    return false
  }

  private static func visit(
    _ tokens: Tokens, _ index: Int, _ pointer: String, _ report: (String, Int) -> Void
  ) {
    var search = DuplicateSearch(objectAt: index)
    var member = index + 1
    var elementIndex = 0
    while member < Int(tokens[index].end) {
      let token = tokens[member]
      let inner =
        tokens[index].isObject ? EventReading.pointer(pointer, token) : "\(pointer)/\(elementIndex)"
      if tokens[index].isObject, search.isDuplicate(tokens, at: member) { report(inner, member) }
      if token.isObject || token.isArray { visit(tokens, member, inner, report) }
      elementIndex += 1
      member = Int(token.end)
    }
  }
}
