/// A queue over one growing ring; no allocation once it has grown.
struct FIFO<Element> {
  private var slots: [Element?]
  private var head = 0
  private(set) var count = 0

  init(capacity: Int = 16) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a power of two")
    slots = Array(repeating: nil, count: capacity)
  }

  var isEmpty: Bool { count == 0 }

  var first: Element? { count == 0 ? nil : slots[head] }

  mutating func append(_ element: Element) {
    if count == slots.count { grow() }
    slots[(head &+ count) & (slots.count &- 1)] = element
    count &+= 1
  }

  mutating func prepend(_ element: Element) {
    if count == slots.count { grow() }
    head = (head &- 1) & (slots.count &- 1)
    slots[head] = element
    count &+= 1
  }

  mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = slots[head]
    slots[head] = nil
    head = (head &+ 1) & (slots.count &- 1)
    count &-= 1
    return element
  }

  func visitAll(_ visit: (Element) -> Void) {
    for index in 0..<count {
      if let element = slots[(head &+ index) & (slots.count &- 1)] { visit(element) }
    }
  }

  /// The first of the first `limit` elements that fits.
  func first(among limit: Int, where fits: (Element) -> Bool) -> Element? {
    for index in 0..<min(count, limit) {
      if let element = slots[(head &+ index) & (slots.count &- 1)], fits(element) { return element }
    }
    return nil
  }

  mutating func removeAll() { while popFirst() != nil {} }

  private mutating func grow() {
    var moved = [Element?](repeating: nil, count: slots.count * 2)
    for index in 0..<count { moved[index] = slots[(head &+ index) & (slots.count &- 1)] }
    slots = moved
    head = 0
  }
}
