/// Signatures written down from the definitions (RFC 1321, FIPS 180-4, RFC 2104) and slow: they share nothing with the
/// code under test, not even the library.
enum ReferenceSignature {
  /// `method` as it stands in `sign_method`; `parameters` without `sign`, in any order.
  static func sign(_ parameters: [(name: String, value: String)], method: String, secret: [UInt8]) -> String?
  {
    let sorted = parameters.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    let text = sorted.flatMap { Array($0.name.utf8) + Array($0.value.utf8) }
    let digest: [UInt8]
    switch method {
    case "md5": digest = md5(secret + text + secret)
    case "hmac": digest = hmac(secret, text, md5)
    case "hmac-sha256": digest = hmac(secret, text, sha256)
    default: return nil
    }
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
  }

  private static func hmac(_ secret: [UInt8], _ text: [UInt8], _ digest: ([UInt8]) -> [UInt8]) -> [UInt8] {
    var key = secret.count > 64 ? digest(secret) : secret
    key += [UInt8](repeating: 0, count: 64 - key.count)
    return digest(key.map { $0 ^ 0x5C } + digest(key.map { $0 ^ 0x36 } + text))
  }

  /// The text with its padding in blocks of 16 words.
  private static func blocks(_ text: [UInt8], bigEndian: Bool) -> [[UInt32]] {
    var bytes = text + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    let bitCount = UInt64(text.count) * 8
    for index in 0..<8 {
      bytes.append(UInt8(truncatingIfNeeded: bitCount >> UInt64(8 * (bigEndian ? 7 - index : index))))
    }
    return stride(from: 0, to: bytes.count, by: 64).map { start in
      var words = [UInt32](repeating: 0, count: 16)
      for index in 0..<64 {
        let place = bigEndian ? 3 - index % 4 : index % 4
        words[index / 4] |= UInt32(bytes[start + index]) << UInt32(8 * place)
      }
      return words
    }
  }

  private static func rotated(_ value: UInt32, right count: UInt32) -> UInt32 {
    value >> count | value << (32 - count)
  }

  /// The first 32 bits of the fraction of a root of a prime.
  private static func fraction(_ root: Double) -> UInt32 {
    UInt32((root - root.rounded(.down)) * 4_294_967_296)
  }

  private static let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }

  private static func cubeRoot(_ number: Int) -> Double {
    var root = Double(number) / 4
    for _ in 0..<100 { root -= (root * root * root - Double(number)) / (3 * root * root) }
    return root
  }

  private static let sha256Constants = primes.map { fraction(cubeRoot($0)) }

  static func sha256(_ text: [UInt8]) -> [UInt8] {
    var state = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
    for block in blocks(text, bigEndian: true) {
      var schedule = block
      for index in 16..<64 {
        let (early, late) = (schedule[index - 15], schedule[index - 2])
        let first = rotated(early, right: 7) ^ rotated(early, right: 18) ^ early >> 3
        let second = rotated(late, right: 17) ^ rotated(late, right: 19) ^ late >> 10
        schedule.append(schedule[index - 16] &+ first &+ schedule[index - 7] &+ second)
      }
      var v = state
      for index in 0..<64 {
        let sumE = rotated(v[4], right: 6) ^ rotated(v[4], right: 11) ^ rotated(v[4], right: 25)
        let choice = v[4] & v[5] ^ ~v[4] & v[6]
        let first = v[7] &+ sumE &+ choice &+ sha256Constants[index] &+ schedule[index]
        let sumA = rotated(v[0], right: 2) ^ rotated(v[0], right: 13) ^ rotated(v[0], right: 22)
        let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
        v = [first &+ sumA &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
      }
      for index in 0..<8 { state[index] = state[index] &+ v[index] }
    }
    return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
  }

  private static let md5Shifts: [[UInt32]] = [
    [7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21],
  ]

  /// abs(sin(n)) in 32 bits; the sine by its series, so that no library is needed.
  private static let md5Constants: [UInt32] = (1...64).map { number in
    let turn = 6.283_185_307_179_586
    let angle = Double(number) - turn * (Double(number) / turn).rounded()
    var (term, sum) = (angle, angle)
    for index in 1...20 {
      term *= -angle * angle / Double(2 * index * (2 * index + 1))
      sum += term
    }
    return UInt32(sum.magnitude * 4_294_967_296)
  }

  static func md5(_ text: [UInt8]) -> [UInt8] {
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
    for block in blocks(text, bigEndian: false) {
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      for index in 0..<64 {
        let mixed: UInt32
        let word: Int
        switch index / 16 {
        case 0: (mixed, word) = (b & c | ~b & d, index)
        case 1: (mixed, word) = (d & b | ~d & c, (5 * index + 1) % 16)
        case 2: (mixed, word) = (b ^ c ^ d, (3 * index + 5) % 16)
        default: (mixed, word) = (c ^ (b | ~d), 7 * index % 16)
        }
        let sum = a &+ mixed &+ md5Constants[index] &+ block[word]
        (a, d, c, b) = (d, c, b, b &+ rotated(sum, right: 32 - md5Shifts[index / 16][index % 4]))
      }
      state = [state[0] &+ a, state[1] &+ b, state[2] &+ c, state[3] &+ d]
    }
    return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
  }
}
