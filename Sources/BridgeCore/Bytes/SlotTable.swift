/// Numbered places for values that cannot be copied. A place that was given back is used again before the table
/// grows, and its value stays as it is: whoever takes it resets it, so that buffers inside keep their memory.
package struct SlotTable<Element: ~Copyable>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>
  private var capacity: Int
  private var madeCount: Int
  private var free: [Int32]

  package init(capacity: Int = 64) {
    self.capacity = max(capacity, 1)
    base = .allocate(capacity: self.capacity)
    madeCount = 0
    free = []
  }

  deinit {
    base.deinitialize(count: madeCount)
    base.deallocate()
  }

  /// Places in use.
  package var count: Int { madeCount - free.count }

  package mutating func take(make: () -> Element) -> Int32 {
    if let reused = free.popLast() { return reused }
    if madeCount == capacity { grow() }
    (base + madeCount).initialize(to: make())
    madeCount += 1
    return Int32(madeCount - 1)
  }

  package mutating func giveBack(_ index: Int32) { free.append(index) }

  package subscript(index: Int32) -> Element {
    unsafeAddress {
      precondition(index >= 0 && Int(index) < madeCount, "a slot exists before it is used")
      return UnsafePointer(base + Int(index))
    }
    unsafeMutableAddress {
      precondition(index >= 0 && Int(index) < madeCount, "a slot exists before it is used")
      return base + Int(index)
    }
  }

  private mutating func grow() {
    let moved = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    moved.moveInitialize(from: base, count: madeCount)
    base.deallocate()
    base = moved
    capacity *= 2
  }
}
