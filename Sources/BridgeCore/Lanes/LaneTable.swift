/// The conversations of one partition that have unresolved records, each a chain of tickets in input order: only the
/// head of a lane may be sent. A lane exists while it has a record, or is held until an outcome is durable.
struct LaneTable {
  private struct Lane {
    var key: LaneKey
    /// `none` for a held lane without records.
    var head: Int32
    var tail: Int32
    /// No record of it has its turn.
    var isHeld = false
  }

  static let none: Int32 = -1

  private var lanes: [Lane] = []
  private var freeLanes: [Int32] = []
  private var laneOfKey: [LaneKey: Int32] = [:]

  /// Lanes whose head has its turn.
  var openCount: Int { laneOfKey.count - heldCount }

  private var heldCount = 0

  /// Puts a ticket at the end of its lane and says whether it has its turn.
  mutating func append(_ ticket: Int32, to key: LaneKey, tickets: inout [TicketState]) -> Bool {
    tickets[Int(ticket)].nextInLane = Self.none
    if let lane = laneOfKey[key] {
      if lanes[Int(lane)].tail == Self.none {
        lanes[Int(lane)].head = ticket
      } else {
        tickets[Int(lanes[Int(lane)].tail)].nextInLane = ticket
      }
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

  /// Takes the head of a lane away and says which ticket has its turn now; nil when the lane is empty and gone.
  mutating func removeHead(of lane: Int32, tickets: [TicketState]) -> Int32? {
    let next = tickets[Int(lanes[Int(lane)].head)].nextInLane
    lanes[Int(lane)].head = next
    guard next == Self.none else { return next }
    remove(lane)
    return nil
  }

  /// Takes the head of a lane away; nobody has the turn before `release`.
  mutating func holdAfterHead(of lane: Int32, tickets: [TicketState]) {
    let next = tickets[Int(lanes[Int(lane)].head)].nextInLane
    lanes[Int(lane)].head = next
    if next == Self.none { lanes[Int(lane)].tail = Self.none }
    lanes[Int(lane)].isHeld = true
    heldCount += 1
  }

  /// Lets a held lane go on and says which ticket has its turn; nil when the lane is empty and gone.
  mutating func release(_ lane: Int32) -> Int32? {
    precondition(lanes[Int(lane)].isHeld, "a lane is released once")
    lanes[Int(lane)].isHeld = false
    heldCount -= 1
    let head = lanes[Int(lane)].head
    guard head == Self.none else { return head }
    remove(lane)
    return nil
  }

  private mutating func remove(_ lane: Int32) {
    laneOfKey[lanes[Int(lane)].key] = nil
    freeLanes.append(lane)
  }
}
