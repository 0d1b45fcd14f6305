import BridgeCore
import CRdKafka

/// The record queues of an assignment, found by partition number. They are taken before the partitions are assigned
/// and forwarded to nothing, so that a partition is read only when it has room.
struct PartitionQueues: ~Copyable {
  struct Place {
    fileprivate(set) var queue: OpaquePointer?
    /// Where reading goes on: behind what was handed out.
    var nextOffset: RecordOffset = 0
    /// It is being fetched.
    var isStarted = false
    /// Nil was not seen since it last got something. An empty queue costs a lock to look at.
    var mayHaveRecords = false
  }

  /// More than any topic has partitions; a larger number is not from Kafka.
  static let partitionLimit = 1 << 20

  private var places: UnsafeMutablePointer<Place>
  private var room: Int
  /// Partitions of the assignment.
  private(set) var owned: [PartitionIndex] = []

  init() {
    room = 16
    places = .allocate(capacity: 16)
    places.initialize(repeating: Place(), count: 16)
  }

  deinit {
    letGoAll()
    places.deallocate()
  }

  mutating func take(
    _ partitions: [PartitionIndex], of client: borrowing ClientHandle, topic: String,
    raising arrivals: borrowing ArrivalSignal
  ) {
    releaseAll()
    for partition in partitions where partition >= 0 && Int(partition) < Self.partitionLimit {
      growToHold(Int(partition))
      guard let raw = rd_kafka_queue_get_partition(client.raw, topic, partition) else { continue }
      rd_kafka_queue_forward(raw, nil)
      arrivals.watch(raw, of: partition)
      places[Int(partition)] = Place(queue: raw)
      owned.append(partition)
    }
  }

  mutating func releaseAll() {
    letGoAll()
    owned.removeAll()
  }

  /// For the owner's last moment, in which nothing can be changed any more.
  borrowing func letGoAll() {
    for partition in owned { Self.letGo(&places[Int(partition)]) }
  }

  /// Nil for a partition that is not of the assignment.
  borrowing func place(of partition: PartitionIndex) -> UnsafeMutablePointer<Place>? {
    guard partition >= 0, Int(partition) < room, places[Int(partition)].queue != nil else { return nil }
    return places + Int(partition)
  }

  /// Marks the queues that have got something.
  borrowing func lookForArrivals(_ arrivals: borrowing ArrivalSignal) {
    let areAllTold = arrivals.read { partition in place(of: partition)?.pointee.mayHaveRecords = true }
    if !areAllTold { lookEverywhere() }
  }

  /// Marks all queues.
  borrowing func lookEverywhere() {
    for partition in owned { places[Int(partition)].mayHaveRecords = true }
  }

  private mutating func growToHold(_ index: Int) {
    guard index >= room else { return }
    let wanted = max(room * 2, index + 1)
    let moved = UnsafeMutablePointer<Place>.allocate(capacity: wanted)
    moved.moveInitialize(from: places, count: room)
    (moved + room).initialize(repeating: Place(), count: wanted - room)
    places.deallocate()
    places = moved
    room = wanted
  }

  private static func letGo(_ place: inout Place) {
    guard let queue = place.queue else { return }
    rd_kafka_queue_io_event_enable(queue, -1, nil, 0)
    rd_kafka_queue_destroy(queue)
    place = Place()
  }
}
