/// What is due when, soonest first. Nothing is taken out early: whoever no longer waits is passed over by ticket.
struct TimerHeap {
  struct Entry {
    /// Monotonic nanoseconds.
    var due: Int64
    /// Rises with every timer that is set: who came first among those due together, and who still waits.
    var ticket: UInt64
    var slot: Int
  }

  private var entries: [Entry] = []

  var soonest: Int64? { entries.first?.due }

  mutating func add(_ entry: Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(child, parent) else { break }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  mutating func takeDue(_ now: Int64) -> Entry? {
    guard let first = entries.first, first.due <= now else { return nil }
    let last = entries.removeLast()
    guard !entries.isEmpty else { return first }
    entries[0] = last
    var parent = 0
    while true {
      var least = parent
      let left = parent * 2 + 1
      if left < entries.count && precedes(left, least) { least = left }
      if left + 1 < entries.count && precedes(left + 1, least) { least = left + 1 }
      if least == parent { return first }
      entries.swapAt(parent, least)
      parent = least
    }
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    let (one, other) = (entries[left], entries[right])
    return one.due == other.due ? one.ticket < other.ticket : one.due < other.due
  }
}
