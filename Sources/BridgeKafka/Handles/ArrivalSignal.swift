import BridgeCore
import CLinux
import CRdKafka
import Glibc

/// Says which partitions' queues have got something: a pipe through which the client library sends their numbers, each
/// when its queue was empty before.
struct ArrivalSignal: ~Copyable {
  /// Of one reading. A pipe that is full takes no further number: it holds more than this, so that it is never seen to
  /// hold less when one was lost.
  private static let byteLimit = 4_096

  /// Readable when something has come.
  let descriptor: Int32
  let entrance: Int32

  init() throws(FatalFault) {
    var ends: [Int32] = [-1, -1]
    guard clinux_pipe(&ends) == 0 else { throw FatalFault.noFileDescriptorLeft }
    descriptor = ends[0]
    entrance = ends[1]
  }

  deinit {
    close(descriptor)
    close(entrance)
  }

  /// To be told to the queue before it goes: `rd_kafka_queue_io_event_enable` with -1.
  borrowing func watch(_ queue: OpaquePointer, of partition: PartitionIndex) {
    var number = partition
    rd_kafka_queue_io_event_enable(queue, entrance, &number, MemoryLayout<PartitionIndex>.size)
  }

  /// Visits the partitions that have got something since the last time; false: they were too many to be told.
  borrowing func read(_ visit: (PartitionIndex) -> Void) -> Bool {
    withUnsafeTemporaryAllocation(
      byteCount: Self.byteLimit, alignment: MemoryLayout<PartitionIndex>.alignment
    ) { place in
      let count = Glibc.read(descriptor, place.baseAddress, place.count)
      guard count < place.count else { return false }
      guard count > 0 else { return true }
      // Numbers are written whole, and so they are read.
      place[..<count].withMemoryRebound(to: PartitionIndex.self) { $0.forEach(visit) }
      return true
    }
  }
}
