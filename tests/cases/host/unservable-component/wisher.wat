;; Wants two interfaces that no host of this kind has, beside one that it has.
(component
  (import "acme:wishes/genie@1.0.0" (instance))
  (import "spin:redis/redis@2.0.0" (instance))
  (import "wasi:random/insecure@0.2.6" (instance))
)
