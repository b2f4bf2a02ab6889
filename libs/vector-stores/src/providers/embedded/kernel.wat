;; The inner loop of a vector search: products of one query with many stored rows, sixteen components at a time.
;;
;; Rows hold signed bytes, the query signed 16-bit integers, both padded with zeros to a multiple of sixteen. The caller
;; chooses the size of the query's integers so that no sum leaves 32 bits (see quantise.ts). Built by
;; scripts/build-wasm.mjs into kernel.wasm, which is checked in; a test rebuilds it and compares the bytes.
(module
  (import "arena" "memory" (memory 1 65536 shared))

  ;; out[i] = f32(row[i] · query) * scales[i], for `count` rows of `stride` bytes that follow each other from `rows`.
  (func (export "products")
    (param $rows i32) (param $count i32) (param $stride i32) (param $query i32) (param $scales i32) (param $out i32)
    (local $end i32)
    (local $fours i32)
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $fours (i32.add (local.get $out) (i32.shl (i32.and (local.get $count) (i32.const -4)) (i32.const 2))))
    ;; Four rows a step share the loads of the query.
    (block $rest
      (loop $next
        (br_if $rest (i32.eq (local.get $out) (local.get $fours)))
        (v128.store (local.get $out)
          (f32x4.mul
            (f32x4.convert_i32x4_s
              (call $four (local.get $rows) (local.get $stride) (local.get $query)))
            (v128.load (local.get $scales))))
        (local.set $rows (i32.add (local.get $rows) (i32.shl (local.get $stride) (i32.const 2))))
        (local.set $scales (i32.add (local.get $scales) (i32.const 16)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $out) (local.get $end)))
        (f32.store (local.get $out)
          (f32.mul
            (f32.convert_i32_s (call $one (local.get $rows) (local.get $stride) (local.get $query)))
            (f32.load (local.get $scales))))
        (local.set $rows (i32.add (local.get $rows) (local.get $stride)))
        (local.set $scales (i32.add (local.get $scales) (i32.const 4)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br $next))))

  ;; The products of four rows, one a lane.
  (func $four (param $row i32) (param $stride i32) (param $query i32) (result v128)
    (local $end i32)
    (local $r1 i32) (local $r2 i32) (local $r3 i32)
    (local $low v128) (local $high v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local.set $end (i32.add (local.get $row) (local.get $stride)))
    (local.set $r1 (local.get $end))
    (local.set $r2 (i32.add (local.get $r1) (local.get $stride)))
    (local.set $r3 (i32.add (local.get $r2) (local.get $stride)))
    (loop $next
      (local.set $low (v128.load (local.get $query)))
      (local.set $high (v128.load offset=16 (local.get $query)))
      (local.set $s0 (i32x4.add (local.get $s0) (i32x4.add
        (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $row)) (local.get $low))
        (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $row)) (local.get $high)))))
      (local.set $s1 (i32x4.add (local.get $s1) (i32x4.add
        (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $r1)) (local.get $low))
        (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $r1)) (local.get $high)))))
      (local.set $s2 (i32x4.add (local.get $s2) (i32x4.add
        (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $r2)) (local.get $low))
        (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $r2)) (local.get $high)))))
      (local.set $s3 (i32x4.add (local.get $s3) (i32x4.add
        (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $r3)) (local.get $low))
        (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $r3)) (local.get $high)))))
      (local.set $query (i32.add (local.get $query) (i32.const 32)))
      (local.set $r1 (i32.add (local.get $r1) (i32.const 16)))
      (local.set $r2 (i32.add (local.get $r2) (i32.const 16)))
      (local.set $r3 (i32.add (local.get $r3) (i32.const 16)))
      (local.set $row (i32.add (local.get $row) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $row) (local.get $end))))
    ;; Transpose, then add: each lane becomes the sum of one row's four partial sums.
    (local.set $low (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s0) (local.get $s1)))
    (local.set $high (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s0) (local.get $s1)))
    (local.set $s0 (i32x4.add (local.get $low) (local.get $high)))
    (local.set $low (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s2) (local.get $s3)))
    (local.set $high (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s2) (local.get $s3)))
    (local.set $s2 (i32x4.add (local.get $low) (local.get $high)))
    (i32x4.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $s0) (local.get $s2))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $s0) (local.get $s2))))

  ;; The product of one row.
  (func $one (param $row i32) (param $stride i32) (param $query i32) (result i32)
    (local $end i32)
    (local $sum v128)
    (local.set $end (i32.add (local.get $row) (local.get $stride)))
    (loop $next
      (local.set $sum (i32x4.add (local.get $sum) (i32x4.add
        (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $row)) (v128.load (local.get $query)))
        (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $row)) (v128.load offset=16 (local.get $query))))))
      (local.set $query (i32.add (local.get $query) (i32.const 32)))
      (local.set $row (i32.add (local.get $row) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $row) (local.get $end))))
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
      (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum))))))
