/// The conversations of one partition that have unresolved records, each a chain of tickets in input order: only the
/// head of a lane may be sent. A lane exists while it holds a record.
struct LaneTable {
  private struct Lane {
    var key: LaneKey
    var head: Int32
    var tail: Int32
  }

  static let none: Int32 = -1

  private var lanes: [Lane] = []
  private var freeLanes: [Int32] = []
  private var laneOfKey: [LaneKey: Int32] = [:]

  var count: Int { laneOfKey.count }

  /// Puts a ticket at the end of its lane and says whether it is the head.
  mutating func append(_ ticket: Int32, to key: LaneKey, tickets: inout [TicketState]) -> Bool {
    tickets[Int(ticket)].nextInLane = Self.none
    if let lane = laneOfKey[key] {
      tickets[Int(lanes[Int(lane)].tail)].nextInLane = ticket
      lanes[Int(lane)].tail = ticket
      tickets[Int(ticket)].lane = lane
      return false
    }
    let made = Lane(key: key, head: ticket, tail: ticket)
    let lane: Int32
    if let reused = freeLanes.popLast() {
      lanes[Int(reused)] = made
      lane = reused
    } else {
      lanes.append(made)
      lane = Int32(lanes.count - 1)
    }
    laneOfKey[key] = lane
    tickets[Int(ticket)].lane = lane
    return true
  }

  /// Takes the head of a lane away and says which ticket is the head now; nil when the lane is empty and gone.
  mutating func removeHead(of lane: Int32, tickets: [TicketState]) -> Int32? {
    let next = tickets[Int(lanes[Int(lane)].head)].nextInLane
    guard next == Self.none else {
      lanes[Int(lane)].head = next
      return next
    }
    laneOfKey[lanes[Int(lane)].key] = nil
    freeLanes.append(lane)
    return nil
  }
}
