import Notation
import System

print("bothy \(Hex.encode(SystemRandom.bytes(4)))")
