import Testing

@testable import ResultTopic

@Suite struct LatenciesAreCountedTests {
  @Test func nothingWasCounted() { #expect(LatencyHistogram().quantile(0.5) == nil) }

  @Test(
    arguments: [
      ([7], 0.5, 7), ([1, 2, 3, 4], 0.5, 2), ([1, 2, 3, 4], 0.99, 4), ([-5], 0.5, 0),
      ([511, 511, 511], 0.99, 511),
    ] as [([Int64], Double, Int64)])
  func smallOnesAreExact(_ values: [Int64], _ share: Double, _ expected: Int64) {
    var histogram = LatencyHistogram()
    for value in values { histogram.add(value) }
    #expect(histogram.quantile(share) == expected)
  }

  @Test(arguments: [512, 513, 1_023, 1_024, 86_400_000, 1 << 40, Int64.max] as [Int64])
  func largeOnesAreNear(_ value: Int64) throws {
    var histogram = LatencyHistogram()
    histogram.add(value)
    let found = try #require(histogram.quantile(1))
    #expect(found <= value)
    #expect(Double(value - found) <= Double(value) * 0.004)
  }

  @Test func asSortingSays() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var state = seed
    var histogram = LatencyHistogram()
    var values: [Int64] = []
    for _ in 0..<10_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Int64(state >> 33 & 0xFFFF) >> Int64(state >> 60)
      values.append(value)
      histogram.add(value)
    }
    values.sort()
    for share in [0.01, 0.5, 0.95, 0.99] {
      let exact = values[Int((share * 10_000).rounded(.up)) - 1]
      let found = try #require(histogram.quantile(share))
      #expect(found <= exact)
      #expect(Double(exact - found) <= Double(exact) * 0.004)
    }
  }
}
