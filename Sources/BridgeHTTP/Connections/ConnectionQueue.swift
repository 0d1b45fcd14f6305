internal import BridgeCore

/// A queue of connections, linked through the connections themselves: any of them leaves it at once, wherever it
/// stands, and nothing is allocated. A connection stands in one queue at most.
struct ConnectionQueue {
  private(set) var first: Int32 = .noConnection
  private(set) var last: Int32 = .noConnection
  private(set) var count = 0

  mutating func append(_ index: Int32, in connections: inout ConnectionTable) {
    connections[index].previous = last
    connections[index].next = .noConnection
    if last == .noConnection { first = index } else { connections[last].next = index }
    last = index
    count &+= 1
  }

  /// `index` stands in this queue.
  mutating func remove(_ index: Int32, in connections: inout ConnectionTable) {
    let previous = connections[index].previous
    let next = connections[index].next
    if previous == .noConnection { first = next } else { connections[previous].next = next }
    if next == .noConnection { last = previous } else { connections[next].previous = previous }
    connections[index].previous = .noConnection
    connections[index].next = .noConnection
    count &-= 1
  }
}

extension Int32 {
  /// Stands where there is no connection.
  static var noConnection: Int32 { -1 }
}
