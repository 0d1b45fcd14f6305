/// Tickets that sleep until a time; the earliest on top.
struct TimerHeap {
  private struct Item {
    var time: MonotonicTime
    var ticket: Ticket
  }

  private var items: [Item] = []

  var earliest: MonotonicTime? { items.first?.time }

  mutating func insert(_ ticket: Ticket, at time: MonotonicTime) {
    items.append(Item(time: time, ticket: ticket))
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard items[child].time < items[parent].time else { break }
      items.swapAt(child, parent)
      child = parent
    }
  }

  /// The earliest ticket whose time has come.
  mutating func popDue(at now: MonotonicTime) -> Ticket? {
    guard let top = items.first, top.time <= now else { return nil }
    items.swapAt(0, items.count - 1)
    items.removeLast()
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
        if items[child].time < items[smallest].time { smallest = child }
      }
      guard smallest != parent else { break }
      items.swapAt(parent, smallest)
      parent = smallest
    }
    return top.ticket
  }
}
