;; Fails where eglot is not installed: it comes with Emacs since 29, and as a package before.
(when (fboundp 'package-initialize) (package-initialize))
(require 'eglot)
