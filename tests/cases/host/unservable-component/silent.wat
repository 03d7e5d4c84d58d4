;; Imports nothing and answers nothing.
(component)
