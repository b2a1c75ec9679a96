;;; Emacs without a window: opens a broken file, waits for what is found, applies all safe fixes, saves.

(package-initialize)
(require 'eglot)
(require 'flymake)

(define-derived-mode nginx-mode prog-mode "nginx")
(add-to-list 'eglot-server-programs (list 'nginx-mode (getenv "NGINX_WSLINT") "server"))
(setq eglot-sync-connect 30)

(defun check (holds what)
  (unless holds
    (message "failed: %s" what)
    (kill-emacs 1)))

(defun until (test what)
  (let ((end (+ (float-time) 30)))
    (while (and (not (funcall test)) (< (float-time) end))
      (accept-process-output nil 0.05)
      (flymake-start))
    (check (funcall test) what)))

(defun text-of (file)
  (with-temp-buffer (insert-file-contents file) (buffer-string)))

(let* ((examples (getenv "EXAMPLES"))
       (file (expand-file-name "nginx.conf" (getenv "FOLDER"))))
  (copy-file (expand-file-name "chat-app/broken.conf" examples) file)
  (find-file file)
  (nginx-mode)
  (flymake-mode 1)
  (call-interactively #'eglot)
  (until (lambda () (= 2 (length (flymake-diagnostics)))) "two diagnostics")
  (check (seq-some (lambda (one) (string-match-p "does not pass `Upgrade`" (flymake-diagnostic-text one)))
                   (flymake-diagnostics))
         "the message of the diagnostic")
  ;; `eglot-code-actions' asks which one; what is of one kind and alone is taken at once.
  (let ((actions (append (jsonrpc-request
                          (eglot--current-server-or-lose) :textDocument/codeAction
                          (list :textDocument (eglot--TextDocumentIdentifier)
                                :range (list :start (eglot--pos-to-lsp-position (point-min))
                                             :end (eglot--pos-to-lsp-position (point-max)))
                                :context '(:diagnostics [] :only ["source.fixAll.nginxWslint"])))
                         nil)))
    (check (= 1 (length actions)) "one action that fixes all")
    (eglot--apply-workspace-edit (plist-get (car actions) :edit)))
  (save-buffer)
  (check (string= (text-of file) (text-of (expand-file-name "chat-app/fixed.conf" examples))) (text-of file))
  (let ((eglot-autoshutdown nil))
    (ignore-errors (eglot-shutdown (eglot--current-server-or-lose))))
  (message "emacs %s with eglot: mended" emacs-version))
