// SPDX-License-Identifier: GPL-2.0-only

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/uaccess.h>

/* A function or a macro. */
__rust_helper struct dentry *rust_helper_debugfs_create_file_of(const char *name, umode_t mode,
								struct dentry *parent, void *data,
								const struct file_operations *fops)
{
	return debugfs_create_file(name, mode, parent, data, fops);
}

__rust_helper struct inode *rust_helper_file_inode(const struct file *file)
{
	return file_inode(file);
}

__rust_helper unsigned long rust_helper_copy_from_user(void *to, const void __user *from,
						       unsigned long n)
{
	return copy_from_user(to, from, n);
}
