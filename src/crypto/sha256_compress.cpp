// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha256_compress.hpp"

#include <algorithm>

#include "crypto/sha256_context.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace atp {
inline namespace v0 {
namespace crypto {

void sha256_compress(std::uint32_t* state, const std::byte* blocks, std::size_t count) {
  SHA256_CTX context;
  SHA256_Init(&context);
  std::copy_n(state, 8, context.h);
  SHA256_Update(&context, blocks, count * kSha256Block);  // Whole blocks: none stays behind.
  std::copy_n(context.h, 8, state);
}

#if defined(__x86_64__)

namespace {

#define ATP_SHA_NI __attribute__((target("sha,sse4.1")))
#define ATP_SHA_NI_INLINE __attribute__((target("sha,sse4.1"), always_inline)) inline

alignas(64) constexpr std::uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// A message on its way: the state in the two halves that the instructions want, and the last 16
/// words of its schedule.
struct Lane {
  __m128i abef;
  __m128i cdgh;
  __m128i words[4];
};

ATP_SHA_NI_INLINE void load_state(Lane& lane, const std::uint32_t* state) {
  const __m128i abcd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state));
  const __m128i efgh = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4));
  const __m128i badc = _mm_shuffle_epi32(abcd, _MM_SHUFFLE(2, 3, 0, 1));
  const __m128i hgfe = _mm_shuffle_epi32(efgh, _MM_SHUFFLE(0, 1, 2, 3));
  lane.abef = _mm_alignr_epi8(badc, hgfe, 8);
  lane.cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
}

ATP_SHA_NI_INLINE void store_state(const Lane& lane, std::uint32_t* state) {
  const __m128i feba = _mm_shuffle_epi32(lane.abef, _MM_SHUFFLE(0, 1, 2, 3));
  const __m128i dchg = _mm_shuffle_epi32(lane.cdgh, _MM_SHUFFLE(2, 3, 0, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

ATP_SHA_NI_INLINE void load_block(Lane& lane, const std::byte* block) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  for (int i = 0; i < 4; ++i) {
    const auto* from = reinterpret_cast<const __m128i*>(block + 16 * i);
    lane.words[i] = _mm_shuffle_epi8(_mm_loadu_si128(from), big_endian);
  }
}

ATP_SHA_NI_INLINE void add_state(Lane& lane, const Lane& before) {
  lane.abef = _mm_add_epi32(lane.abef, before.abef);
  lane.cdgh = _mm_add_epi32(lane.cdgh, before.cdgh);
}

/// Rounds `[4 step, 4 step + 4)`; the words used make room for those of four steps later.
ATP_SHA_NI_INLINE void four_rounds(Lane& lane, int step) {
  const auto* constants = reinterpret_cast<const __m128i*>(kRoundConstants + 4 * step);
  __m128i& words = lane.words[step % 4];
  const __m128i& last = lane.words[(step + 3) % 4];
  const __m128i sum = _mm_add_epi32(words, _mm_load_si128(constants));
  lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, sum);
  lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32(sum, 0x0e));
  if (step >= 12) return;
  const __m128i seven_back = _mm_alignr_epi8(last, lane.words[(step + 2) % 4], 4);
  const __m128i sigma0 = _mm_sha256msg1_epu32(words, lane.words[(step + 1) % 4]);
  words = _mm_sha256msg2_epu32(_mm_add_epi32(sigma0, seven_back), last);
}

ATP_SHA_NI void compress_pair(std::uint32_t* state_a, const std::byte* blocks_a,
                              std::uint32_t* state_b, const std::byte* blocks_b,
                              std::size_t count) {
  Lane a;
  Lane b;
  load_state(a, state_a);
  load_state(b, state_b);
  for (std::size_t offset = 0; offset < count * kSha256Block; offset += kSha256Block) {
    const Lane a_before = a;
    const Lane b_before = b;
    load_block(a, blocks_a + offset);
    load_block(b, blocks_b + offset);
#pragma GCC unroll 16
    for (int step = 0; step < 16; ++step) {
      four_rounds(a, step);
      four_rounds(b, step);
    }
    add_state(a, a_before);
    add_state(b, b_before);
  }
  store_state(a, state_a);
  store_state(b, state_b);
}

#undef ATP_SHA_NI
#undef ATP_SHA_NI_INLINE

bool has_sha_instructions() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kSha = 1U << 29;
  const bool sha = __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & kSha) != 0;
  return sha && __builtin_cpu_supports("sse4.1") != 0;
}

}  // namespace

void sha256_compress_pair(std::uint32_t* state_a, const std::byte* blocks_a, std::uint32_t* state_b,
                          const std::byte* blocks_b, std::size_t count) {
  static const bool paired = has_sha_instructions();
  if (paired) return compress_pair(state_a, blocks_a, state_b, blocks_b, count);
  sha256_compress(state_a, blocks_a, count);
  sha256_compress(state_b, blocks_b, count);
}

#else

void sha256_compress_pair(std::uint32_t* state_a, const std::byte* blocks_a, std::uint32_t* state_b,
                          const std::byte* blocks_b, std::size_t count) {
  sha256_compress(state_a, blocks_a, count);
  sha256_compress(state_b, blocks_b, count);
}

#endif

}  // namespace crypto
}  // namespace v0
}  // namespace atp
