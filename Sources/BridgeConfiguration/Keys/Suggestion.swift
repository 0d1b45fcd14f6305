/// "Did you mean": the nearest of the allowed words.
package enum Suggestion {
  /// Nobody means something by a longer word.
  private static let wordByteLimit = 128

  /// The nearest candidate, if it is near enough to be meant: a third of its letters may differ, at least one.
  package static func nearest(to word: String, among candidates: [String]) -> String? {
    guard word.utf8.count <= wordByteLimit else { return nil }
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
      let distance = editDistance(word, candidate)
      if distance < (best?.distance ?? .max) { best = (candidate, distance) }
    }
    guard let best, best.distance <= max(1, best.candidate.utf8.count / 3) else { return nil }
    return best.candidate
  }

  /// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
  static func editDistance(_ first: String, _ second: String) -> Int {
    let first = Array(first.lowercased().utf8)
    let second = Array(second.lowercased().utf8)
    var beforeLast: [Int] = []
    var last = Array(0...second.count)
    for row in first.indices {
      var current = [row + 1]
      for column in second.indices {
        let isSame = first[row] == second[column]
        var distance = min(last[column + 1] + 1, current[column] + 1, last[column] + (isSame ? 0 : 1))
        if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
          distance = min(distance, beforeLast[column - 1] + 1)
        }
        current.append(distance)
      }
      beforeLast = last
      last = current
    }
    return last[second.count]
  }
}
